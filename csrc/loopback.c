/* loopback.c: listen on a port of 127.0.0.1 and, if the machine has IPv6, of ::1 for the request
   with which a browser ends a sign-in. Answer every request, and accept the first that ends the
   sign-in. callback.c reads the requests. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loopback.h"
#include "platform.h"
#include "text.h"

enum { LISTENERS = 2, MAX_GUESTS = 16, TRIES = 8 };

static const double PATIENCE = 30;      /* seconds that a request may take to arrive */

typedef struct Guest {         /* a connection */
  Watch  watch;
  Ring   place;                /* among the loopback's guests */
  Loopback *loopback;
  Timer  timer;
  Buf    request;              /* as far as it has arrived */
} Guest;

typedef struct Listener {
  Watch watch;                 /* fd -1: not listening */
  Loopback *loopback;
} Listener;

struct Loopback {
  Loop    *loop;
  Listener listeners[LISTENERS];
  Ring     guests;             /* head */
  size_t   guest_count;
  Timer    pause;              /* runs while no connection is accepted */
  char    *state;
  int      port, over;
  LoopbackDone *done;
  void    *owner;
};

/* -- answers ----------------------------------------------------------------------------------- */

static const struct { const char *status, *words; } pages[] = {
  [CALLBACK_OTHER]   = { "404 Not Found", "There is nothing here." },
  [CALLBACK_BAD]     = { "400 Bad Request", "This is not the answer to the pending sign-in." },
  [CALLBACK_CODE]    = { "200 OK", "You have signed in. You may close this window." },
  [CALLBACK_REFUSED] = { "200 OK", "You have not signed in. You may close this window; "
                                   "the program that began the sign-in shows the reason." }
};

/* Send a page without waiting: the page fits into the socket's buffer. */
static void send_page(int fd, CallbackKind kind) {
  char *body = text_format("<!DOCTYPE html><title>azureml</title><p>%s</p>", pages[kind].words);
  char *text = text_format("HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                           "Content-Length: %zu\r\nConnection: close\r\nCache-Control: no-store\r\n"
                           "Content-Security-Policy: default-src 'none'\r\n\r\n%s",
                           pages[kind].status, body ? strlen(body) : 0, body ? body : "");
  if (text && send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) > 0) shutdown(fd, SHUT_WR);
  free(body);
  free(text);
}

/* -- guests ------------------------------------------------------------------------------------ */

static void guest_free(Guest *guest) {
  Loopback *loopback = guest->loopback;
  ring_remove(&guest->place);
  loopback->guest_count--;
  loop_timer_stop(loopback->loop, &guest->timer);
  loop_watch_remove(loopback->loop, &guest->watch);
  close(guest->watch.fd);
  buf_wipe(&guest->request);
  free(guest);
}

static void out_of_patience(Timer *timer) { guest_free(container_of(timer, Guest, timer)); }

/* Pass the answer to the owner. Must be the caller's last act: the owner may free the loopback. */
static void finish(Loopback *loopback, CallbackKind kind, Callback *callback) {
  loopback->over = 1;
  loopback->done(loopback->owner, kind, callback);
  callback_clear(callback);
}

static void guest_ready(Watch *watch, unsigned events) {
  Guest *guest = container_of(watch, Guest, watch);
  Loopback *loopback = guest->loopback;
  Callback callback = { 0 };
  char piece[4096];
  (void)events;
  ssize_t got = read(watch->fd, piece, sizeof piece);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const Buf *request = &guest->request;
  int failed = got <= 0 || buf_add(&guest->request, piece, (size_t)got) != 0;
  explicit_bzero(piece, sizeof piece);
  CallbackKind kind = CALLBACK_BAD;
  if (!failed) kind = callback_read(request->data, request->len, loopback->state, &callback);
  if (kind == CALLBACK_MORE) return;
  if (loopback->over && kind >= CALLBACK_CODE) {      /* accept only the first answer */
    callback_clear(&callback);
    kind = CALLBACK_BAD;
  }
  if (got > 0) send_page(watch->fd, kind);
  guest_free(guest);
  if (kind >= CALLBACK_CODE) finish(loopback, kind, &callback);
}

/* Watch the listeners for these events. Return 0, or -1 with errno. */
static int watch_listeners(Loopback *loopback, unsigned events) {
  for (size_t i = 0; i < LISTENERS; i++) {
    Watch *watch = &loopback->listeners[i].watch;
    if (watch->fd >= 0 && loop_watch_add(loopback->loop, watch, events) != 0) return -1;
  }
  return 0;
}

static void end_pause(Timer *timer) {
  watch_listeners(container_of(timer, Loopback, pause), POLLER_READ);
}

/* Accept no connection for a while: descriptors are used up. */
static void begin_pause(Loopback *loopback) {
  double end = loop_now(loopback->loop) + PLATFORM_ACCEPT_PAUSE;
  watch_listeners(loopback, 0);
  loop_timer(loopback->loop, &loopback->pause, end, end_pause);
}

static void listener_ready(Watch *watch, unsigned events) {
  Loopback *loopback = container_of(watch, Listener, watch)->loopback;
  (void)events;
  int fd = platform_accept(watch->fd);
  if (fd < 0 && platform_is_exhausted(errno)) begin_pause(loopback);
  if (fd < 0) return;
  Guest *guest = loopback->guest_count < MAX_GUESTS ? calloc(1, sizeof *guest) : NULL;
  if (!guest) {
    close(fd);
    return;
  }
  guest->watch = (Watch){ .fd = fd, .ready = guest_ready };
  guest->loopback = loopback;
  guest->request.limit = 2 * CALLBACK_MAX;
  ring_add(&loopback->guests, &guest->place);
  loopback->guest_count++;
  double deadline = loop_now(loopback->loop) + PATIENCE;
  loop_timer(loopback->loop, &guest->timer, deadline, out_of_patience);
  if (loop_watch_add(loopback->loop, &guest->watch, POLLER_READ) != 0) guest_free(guest);
}

/* -- opening ----------------------------------------------------------------------------------- */

static int bind_to(int family, int port) {
  in_port_t net_port = htons((unsigned short)port);
  struct sockaddr_in four = {
    .sin_family = AF_INET, .sin_port = net_port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
  };
  struct sockaddr_in6 six = {
    .sin6_family = AF_INET6, .sin6_port = net_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT
  };
  int is_four = family == AF_INET;
  const struct sockaddr *address = is_four ? (const struct sockaddr *)&four
                                           : (const struct sockaddr *)&six;
  socklen_t len = is_four ? sizeof four : sizeof six;
  int fd = platform_socket(family, SOCK_STREAM, 0), on = 1;
  if (fd < 0) return -1;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address, len) == 0 && listen(fd, MAX_GUESTS) == 0) return fd;
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

/* Bind both addresses to the same port. If another program uses that port on ::1, try another port;
   without IPv6, listen on 127.0.0.1 only. */
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
  for (size_t i = 0; i < LISTENERS; i++) {
    Watch idle = { .fd = -1, .ready = listener_ready };
    loopback->listeners[i] = (Listener){ .watch = idle, .loopback = loopback };
  }
  int failed = !loopback->state || bind_both(loopback) != 0
               || watch_listeners(loopback, POLLER_READ) != 0;
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
  loop_timer_stop(loopback->loop, &loopback->pause);
  while (!ring_is_empty(&loopback->guests))
    guest_free(container_of(loopback->guests.next, Guest, place));
  for (size_t i = 0; i < LISTENERS; i++) {
    if (loopback->listeners[i].watch.fd < 0) continue;
    loop_watch_remove(loopback->loop, &loopback->listeners[i].watch);
    close(loopback->listeners[i].watch.fd);
  }
  text_wipe(loopback->state);
  free(loopback);
}
