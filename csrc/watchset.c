/* watchset.c: descriptors that are watched through one descriptor. */

#include <time.h>
#include <unistd.h>

#include "watchset.h"

enum { BATCH = 64 };

static int change(int set, Watched *watched, unsigned events);
static void leave(int set, const Watched *watched);

int watchset_watch(int set, Watched *watched, unsigned events) {
  if (watched->fd < 0 || watched->events == events) return 0;
  if (change(set, watched, events) != 0) return -1;
  watched->events = events;
  return 0;
}

void watchset_close(int set, Watched *watched) {
  if (watched->fd < 0) return;
  if (watched->events != WATCHED_NOT) leave(set, watched);
  close(watched->fd);
  watched->fd = -1;
}

#ifdef __linux__

#include <sys/epoll.h>

int watchset_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

/* On Linux the events of epoll and of poll have the same numbers. */
static int change(int set, Watched *watched, unsigned events) {
  struct epoll_event event = { .events = events, .data.ptr = watched };
  int how = watched->events == WATCHED_NOT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return epoll_ctl(set, how, watched->fd, &event);
}

static void leave(int set, const Watched *watched) {
  epoll_ctl(set, EPOLL_CTL_DEL, watched->fd, NULL);
}

int watchset_ready(int set, Ready *list, int max) {
  struct epoll_event events[BATCH];
  int count = epoll_wait(set, events, max < BATCH ? max : BATCH, 0);
  for (int i = 0; i < count; i++)
    list[i] = (Ready){ events[i].data.ptr, events[i].events };
  return count < 0 ? 0 : count;
}

#else

#include <fcntl.h>
#include <sys/types.h>
#include <sys/event.h>

int watchset_open(void) {
  int set = kqueue();
  if (set >= 0) fcntl(set, F_SETFD, FD_CLOEXEC);
  return set;
}

/* kqueue has a filter for each of the two events. */
static int change(int set, Watched *watched, unsigned events) {
  static const struct { unsigned event; short filter; } filters[] = {
    { POLLIN, EVFILT_READ }, { POLLOUT, EVFILT_WRITE }
  };
  unsigned before = watched->events == WATCHED_NOT ? 0 : watched->events;
  struct kevent changes[2];
  int count = 0;
  for (int i = 0; i < 2; i++) {
    if (!((before ^ events) & filters[i].event)) continue;
    int how = events & filters[i].event ? EV_ADD : EV_DELETE;
    EV_SET(&changes[count++], watched->fd, filters[i].filter, how, 0, 0, watched);
  }
  return kevent(set, changes, count, NULL, 0, NULL);
}

/* kqueue forgets a descriptor that is closed, and a child does not inherit it. */
static void leave(int set, const Watched *watched) { (void)set, (void)watched; }

/* The end of what can be read is no hang-up: reading tells it. */
static unsigned events_of(const struct kevent *event) {
  unsigned events = event->filter == EVFILT_READ ? POLLIN : POLLOUT;
  if (!(event->flags & EV_EOF)) return events;
  if (event->fflags) events |= POLLERR;
  return event->filter == EVFILT_WRITE ? events | POLLHUP : events;
}

int watchset_ready(int set, Ready *list, int max) {
  struct kevent events[BATCH];
  const struct timespec none = { 0, 0 };
  int count = kevent(set, NULL, 0, events, max < BATCH ? max : BATCH, &none);
  for (int i = 0; i < count; i++)
    list[i] = (Ready){ (Watched *)events[i].udata, events_of(&events[i]) };
  return count < 0 ? 0 : count;
}

#endif
