/* load.c: measure how fast the benchmark's server answers a client that costs almost nothing. It
   sends one prepared request repeatedly on some connections and counts the replies by their length.
   It prints replies per second.

     load PORT TARGET COUNT CONNECTIONS */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 };

static char   request[1024], answer[65536];
static size_t request_len;
static size_t answer_len;      /* of each reply: all replies to the request have the same length */

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what) { perror(what); exit(1); }

static void ask(int fd) {
  if (send(fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len) fail("send");
}

static size_t take(int fd) {
  ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
  if (n <= 0) fail("recv");
  answer[n] = '\0';
  return (size_t)n;
}

static int dial(int port) {
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons((unsigned short)port),
    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  return fd;
}

/* Learn the length of a reply. The server writes a short reply at once, so one read gets all of
   it. */
static void learn_length(int fd) {
  ask(fd);
  usleep(100000);
  answer_len = take(fd);
}

static void run(int epoll, long count, int connections) {
  static size_t have[65536];
  long asked = connections, answered = 0;
  while (answered < count) {
    struct epoll_event ready[BATCH];
    int n = epoll_wait(epoll, ready, BATCH, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      have[fd] += take(fd);
      if (have[fd] < answer_len) continue;
      have[fd] -= answer_len;
      answered++;
      if (asked++ < count) ask(fd);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int port = atoi(argv[1]), connections = atoi(argv[4]), epoll = epoll_create1(EPOLL_CLOEXEC);
  long count = atol(argv[3]);
  static const char format[] = "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  request_len = (size_t)snprintf(request, sizeof request, format, argv[2]);
  learn_length(dial(port));
  double began = now();
  for (int i = 0; i < connections; i++) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = dial(port) };
    epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
    ask(event.data.fd);
  }
  run(epoll, count, connections);
  printf("%.0f\n", (double)count / (now() - began));
  return 0;
}
