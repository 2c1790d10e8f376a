/* poller_epoll.c: wait until descriptors are ready, by epoll. */

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "poller.h"

enum { BATCH = 64 };

struct Poller { int epoll; };

Poller *poller_new(void) {
  Poller *poller = malloc(sizeof *poller);
  if (!poller) return NULL;
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (poller->epoll >= 0) return poller;
  free(poller);
  return NULL;
}

void poller_free(Poller *poller) {
  if (!poller) return;
  close(poller->epoll);
  free(poller);
}

static int control(const Poller *poller, int how, int fd, unsigned events) {
  struct epoll_event event = { .data.fd = fd };
  if (events & POLLER_READ) event.events |= EPOLLIN;
  if (events & POLLER_WRITE) event.events |= EPOLLOUT;
  return epoll_ctl(poller->epoll, how, fd, &event);
}

int poller_add(Poller *poller, int fd, unsigned events) {
  return control(poller, EPOLL_CTL_ADD, fd, events);
}

int poller_change(Poller *poller, int fd, unsigned events) {
  if (control(poller, EPOLL_CTL_MOD, fd, events) == 0) return 0;
  return errno == ENOENT ? poller_add(poller, fd, events) : -1;
}

void poller_remove(Poller *poller, int fd) { control(poller, EPOLL_CTL_DEL, fd, 0); }

static unsigned events_of(unsigned epoll_events) {
  unsigned events = 0;
  if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) events |= POLLER_READ;
  if (epoll_events & EPOLLOUT) events |= POLLER_WRITE;
  if (epoll_events & EPOLLERR) events |= POLLER_ERROR;
  return events;
}

int poller_wait(Poller *poller, PollerReady *ready, int max, int ms, const sigset_t *mask) {
  struct epoll_event events[BATCH];
  int count = epoll_pwait(poller->epoll, events, max < BATCH ? max : BATCH, ms, mask);
  for (int i = 0; i < count; i++)
    ready[i] = (PollerReady){ events[i].data.fd, events_of(events[i].events) };
  return count;
}
