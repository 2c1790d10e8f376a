/* poller_poll.c: wait until descriptors are ready, by poll. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "platform.h"
#include "poller.h"

enum { NOWHERE = 0 };      /* in places: the descriptor is not watched */

struct Poller {
  struct pollfd *watched;
  size_t count, cap;
  size_t *places;            /* by descriptor: 1 + its index in watched */
  size_t  places_len;
  size_t  next;              /* the index of the descriptor whose turn is first */
};

Poller *poller_new(void) { return calloc(1, sizeof(Poller)); }

void poller_free(Poller *poller) {
  if (!poller) return;
  free(poller->watched);
  free(poller->places);
  free(poller);
}

/* Return the least power of two above len, from 64 on. */
static size_t room_for(size_t len) {
  size_t room = 64;
  while (room <= len) room *= 2;
  return room;
}

/* Make room for one more descriptor of the number fd. Return 0 when memory is short. */
static int reserve(Poller *poller, size_t fd) {
  if (fd >= poller->places_len) {
    size_t len = room_for(fd);
    size_t *places = realloc(poller->places, len * sizeof *places);
    if (!places) return 0;
    for (size_t i = poller->places_len; i < len; i++) places[i] = NOWHERE;
    poller->places = places;
    poller->places_len = len;
  }
  if (poller->count == poller->cap) {
    size_t cap = room_for(poller->cap);
    struct pollfd *watched = realloc(poller->watched, cap * sizeof *watched);
    if (!watched) return 0;
    poller->watched = watched;
    poller->cap = cap;
  }
  return 1;
}

static size_t place_of(const Poller *poller, int fd) {
  return fd >= 0 && (size_t)fd < poller->places_len ? poller->places[fd] : NOWHERE;
}

int poller_add(Poller *poller, int fd, unsigned events) {
  if (fcntl(fd, F_GETFD) < 0) return -1;      /* it is not open */
  if (!reserve(poller, (size_t)fd)) { errno = ENOMEM; return -1; }
  if (poller->places[fd] == NOWHERE) poller->places[fd] = ++poller->count;
  struct pollfd *watched = &poller->watched[poller->places[fd] - 1];
  *watched = (struct pollfd){ .fd = fd };
  if (events & POLLER_READ) watched->events |= POLLIN;
  if (events & POLLER_WRITE) watched->events |= POLLOUT;
  return 0;
}

int poller_change(Poller *poller, int fd, unsigned events) {
  return poller_add(poller, fd, events);
}

/* Put the last descriptor into the place of the one that goes. */
void poller_remove(Poller *poller, int fd) {
  size_t place = place_of(poller, fd);
  if (place == NOWHERE) return;
  struct pollfd *last = &poller->watched[--poller->count];
  poller->watched[place - 1] = *last;
  poller->places[last->fd] = place;
  poller->places[fd] = NOWHERE;
}

static unsigned events_of(int poll_events) {
  unsigned events = 0;
  if (poll_events & (POLLIN | POLLHUP | POLLERR)) events |= POLLER_READ;
  if (poll_events & POLLOUT) events |= POLLER_WRITE;
  if (poll_events & POLLERR) events |= POLLER_ERROR;
  return events;
}

/* Forget the descriptors that were closed while they were watched, as epoll does: poll would report
   them without end. Return how many there were. */
static int forget_closed(Poller *poller) {
  int count = 0;
  for (size_t i = poller->count; i-- > 0; ) {
    if (!(poller->watched[i].revents & POLLNVAL)) continue;
    poller_remove(poller, poller->watched[i].fd);
    count++;
  }
  return count;
}

/* Collect the ready descriptors, beginning after the last that a full batch before could take. */
static int collect(Poller *poller, PollerReady *ready, int max) {
  int count = 0;
  size_t seen = 0, first = poller->next < poller->count ? poller->next : 0;
  for (; seen < poller->count && count < max; seen++) {
    struct pollfd *watched = &poller->watched[(first + seen) % poller->count];
    unsigned events = events_of(watched->revents);
    if (events) ready[count++] = (PollerReady){ watched->fd, events };
  }
  poller->next = seen < poller->count ? (first + seen) % poller->count : 0;
  return count;
}

int poller_wait(Poller *poller, PollerReady *ready, int max, int ms, const sigset_t *mask) {
  for (;;) {
    int count = platform_poll(poller->watched, poller->count, ms, mask);
    if (count <= 0) return count;
    if (forget_closed(poller) < count) return collect(poller, ready, max);
  }
}
