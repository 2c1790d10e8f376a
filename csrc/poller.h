/* poller.h: wait until descriptors are ready. The build takes one of two implementations:
   poller_epoll.c, or poller_poll.c for systems without epoll and for `make LOOP=poll`. */
#ifndef POLLER_H
#define POLLER_H

#include <signal.h>

enum {
  POLLER_READ = 1,      /* there is something to read, or the other end has closed */
  POLLER_WRITE = 2,
  POLLER_ERROR = 4      /* never asked for; comes with POLLER_READ */
};

typedef struct Poller Poller;

typedef struct PollerReady {
  int fd;
  unsigned events;
} PollerReady;

Poller *poller_new(void);      /* NULL: no memory or descriptor is left */
void    poller_free(Poller *poller);

/* Begin to watch a descriptor that is not watched yet. Return 0, or -1 with errno. */
int  poller_add(Poller *poller, int fd, unsigned events);

/* Change the events of a watched descriptor, also when it was closed meanwhile and its number was
   used again. Return 0, or -1 with errno. */
int  poller_change(Poller *poller, int fd, unsigned events);

/* Stop watching a descriptor. It may be closed already. */
void poller_remove(Poller *poller, int fd);

/* Wait at most ms milliseconds, without a limit if ms is negative. mask: the signals to block
   meanwhile; NULL keeps the thread's own. Return how many are ready, at most max; or -1 with errno,
   EINTR when a signal came. When more are ready than max, later calls return the others first. */
int  poller_wait(Poller *poller, PollerReady *ready, int max, int ms, const sigset_t *mask);

#endif
