/* watchset.h: descriptors that are watched through one descriptor, so that the loop of another
   module can wait for all of them: epoll on Linux, kqueue elsewhere. Its events are poll(2)'s. */
#ifndef WATCHSET_H
#define WATCHSET_H

#include <poll.h>

#define WATCHED_NOT ((unsigned)-1)

/* A descriptor in a set. */
typedef struct Watched {
  void    *owner;
  int      fd;          /* -1: it is closed */
  unsigned events;      /* watched for: POLLIN, POLLOUT; WATCHED_NOT before it is in the set */
} Watched;

/* POLLERR and POLLHUP come also when nothing is watched for, but only with epoll. */
typedef struct Ready {
  Watched *watched;
  unsigned events;
} Ready;

/* Make a set. Return its descriptor, which is ready to read when one of its members is ready; -1
   with errno. Closing the descriptor ends the set. */
int watchset_open(void);

/* Set the events to watch a descriptor for. Return 0, or -1 with errno. */
int watchset_watch(int set, Watched *watched, unsigned events);

/* List members that are ready, without waiting, and return their number. A member can come twice:
   it keeps its memory until the list has been handled. */
int watchset_ready(int set, Ready *list, int max);

/* Take a descriptor out of a set and close it; a second call does nothing. Closing alone is not
   enough for epoll while a forked child has the descriptor as well. */
void watchset_close(int set, Watched *watched);

#endif
