/* loopback.c: a port of this machine to which a browser brings the end of a sign-in, on 127.0.0.1 and, where there is one, ::1. It answers
   whatever comes, and takes one answer. What is in it is callback.c's to read. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"
#include "text.h"

enum { LISTENERS = 2, MAX_GUESTS = 16, TRIES = 8 };

static const double PATIENCE = 30;      /* seconds for a request to come */

typedef struct Guest {         /* a connection */
  Watch  watch;
  Ring   place;                /* among the loopback's guests */
  Loopback *loopback;
  Timer  timer;
  Buf    heard;
} Guest;

typedef struct Listener {
  Watch watch;                 /* fd -1: none */
  Loopback *loopback;
} Listener;

struct Loopback {
  Loop    *loop;
  Listener listeners[LISTENERS];
  Ring     guests;             /* head */
  size_t   guest_count;
  char    *state;
  int      port, over;
  LoopbackDone *done;
  void    *owner;
};

/* -- answers ------------------------------------------------------------------------------------------------------------ */

static const struct { const char *status, *words; } pages[] = {
  [CALLBACK_OTHER]   = { "404 Not Found", "There is nothing here." },
  [CALLBACK_BAD]     = { "400 Bad Request", "This is not the answer to the sign-in that is waited for." },
  [CALLBACK_CODE]    = { "200 OK", "You have signed in. You may close this window." },
  [CALLBACK_REFUSED] = { "200 OK", "You have not signed in. You may close this window; the reason is told where the sign-in began." }
};

/* It fits into the socket's buffer; a browser that does not read loses nothing but words. */
static void say(int fd, CallbackKind kind) {
  const char *status = pages[kind].status, *words = pages[kind].words;
  char *text = text_format("HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n"
                           "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\n\r\n"
                           "<!DOCTYPE html><title>azureml</title><p>%s</p>", status, strlen(words) + strlen("<!DOCTYPE html><title>azureml</title><p></p>"), words);
  if (text && send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) shutdown(fd, SHUT_WR);
  free(text);
}

/* -- guests ------------------------------------------------------------------------------------------------------------- */

static void guest_free(Guest *guest) {
  Loopback *loopback = guest->loopback;
  ring_remove(&guest->place);
  loopback->guest_count--;
  loop_timer_stop(loopback->loop, &guest->timer);
  loop_watch_remove(loopback->loop, &guest->watch);
  close(guest->watch.fd);
  buf_wipe(&guest->heard);
  free(guest);
}

static void out_of_patience(Timer *timer) { guest_free(container_of(timer, Guest, timer)); }

/* The last act: whoever is told may free us. */
static void tell(Loopback *loopback, CallbackKind kind, Callback *callback) {
  Callback told = *callback;
  loopback->over = 1;
  loopback->done(loopback->owner, kind, &told);
  callback_clear(&told);
}

static void guest_ready(Watch *watch, unsigned epoll_events) {
  Guest *guest = container_of(watch, Guest, watch);
  Loopback *loopback = guest->loopback;
  Callback callback = { 0 };
  char piece[4096];
  (void)epoll_events;
  ssize_t got = read(watch->fd, piece, sizeof piece);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  int failed = got <= 0 || buf_add(&guest->heard, piece, (size_t)got) != 0;
  explicit_bzero(piece, sizeof piece);
  CallbackKind kind = failed ? CALLBACK_BAD : callback_read(guest->heard.data, guest->heard.len, loopback->state, &callback);
  if (kind == CALLBACK_MORE) return;
  if (loopback->over && kind >= CALLBACK_CODE) {      /* one answer is taken */
    callback_clear(&callback);
    kind = CALLBACK_BAD;
  }
  if (got > 0) say(watch->fd, kind);
  guest_free(guest);
  if (kind >= CALLBACK_CODE) tell(loopback, kind, &callback);
}

static void listener_ready(Watch *watch, unsigned epoll_events) {
  Loopback *loopback = container_of(watch, Listener, watch)->loopback;
  (void)epoll_events;
  int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  Guest *guest = loopback->guest_count < MAX_GUESTS ? calloc(1, sizeof *guest) : NULL;
  if (!guest) {
    close(fd);
    return;
  }
  guest->watch = (Watch){ .fd = fd, .ready = guest_ready };
  guest->loopback = loopback;
  guest->heard.limit = 2 * CALLBACK_MAX;
  ring_add(&loopback->guests, &guest->place);
  loopback->guest_count++;
  loop_timer(loopback->loop, &guest->timer, loop_now(loopback->loop) + PATIENCE, out_of_patience);
  if (loop_watch_add(loopback->loop, &guest->watch, EPOLLIN) != 0) guest_free(guest);
}

/* -- opening ------------------------------------------------------------------------------------------------------------ */

static int bind_to(int family, int port) {
  struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  const struct sockaddr *address = family == AF_INET ? (const struct sockaddr *)&four : (const struct sockaddr *)&six;
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  if (fd < 0) return -1;
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address, family == AF_INET ? sizeof four : sizeof six) == 0 && listen(fd, MAX_GUESTS) == 0) return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

static int port_of(int fd) {
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  return getsockname(fd, (struct sockaddr *)&address, &len) == 0 ? ntohs(address.sin_port) : 0;
}

/* Both on one port, unless the machine has no IPv6; somebody else may have the second one: then another port is tried. */
static int bind_both(Loopback *loopback) {
  for (int i = 0; i < TRIES; i++) {
    int four = bind_to(AF_INET, 0);
    if (four < 0) return -1;
    loopback->port = port_of(four);
    int six = bind_to(AF_INET6, loopback->port);
    if (six < 0 && errno == EADDRINUSE) {
      close(four);
      continue;
    }
    loopback->listeners[0].watch.fd = four;
    loopback->listeners[1].watch.fd = six;
    return 0;
  }
  return -1;
}

Loopback *loopback_new(Loop *loop, const char *state, LoopbackDone *done, void *owner) {
  Loopback *loopback = calloc(1, sizeof *loopback);
  if (!loopback) return NULL;
  *loopback = (Loopback){ .loop = loop, .state = text_copy(state), .done = done, .owner = owner };
  ring_init(&loopback->guests);
  for (size_t i = 0; i < LISTENERS; i++) loopback->listeners[i] = (Listener){ .watch = { .fd = -1, .ready = listener_ready }, .loopback = loopback };
  int failed = bind_both(loopback) != 0;
  for (size_t i = 0; !failed && i < LISTENERS; i++)
    if (loopback->listeners[i].watch.fd >= 0) failed = loop_watch_add(loop, &loopback->listeners[i].watch, EPOLLIN) != 0;
  loop_flight(loop, +1);
  if (!failed) return loopback;
  int why = errno;
  loopback_free(loopback);
  errno = why;
  return NULL;
}

int loopback_port(const Loopback *loopback) { return loopback->port; }

void loopback_free(Loopback *loopback) {
  if (!loopback) return;
  loop_flight(loopback->loop, -1);
  while (!ring_is_empty(&loopback->guests)) guest_free(container_of(loopback->guests.next, Guest, place));
  for (size_t i = 0; i < LISTENERS; i++) {
    if (loopback->listeners[i].watch.fd < 0) continue;
    loop_watch_remove(loopback->loop, &loopback->listeners[i].watch);
    close(loopback->listeners[i].watch.fd);
  }
  text_wipe(loopback->state);
  free(loopback);
}
