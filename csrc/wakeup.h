/* wakeup.h: a descriptor that a signal handler makes ready to read, so that the loop that watches
   it wakes up. It is a pipe, because every system has pipes. */
#ifndef WAKEUP_H
#define WAKEUP_H

typedef struct Wakeup { int read_end, write_end; } Wakeup;

/* A Wakeup that is closed. */
#define WAKEUP_NONE { -1, -1 }

int  wakeup_open(Wakeup *wakeup);      /* 0, or -1 with errno */
void wakeup_close(Wakeup *wakeup);     /* a closed one stays closed */

/* Make read_end ready. Safe in a signal handler, and keeps errno. */
void wakeup_call(const Wakeup *wakeup);

/* Make read_end wait again. */
void wakeup_clear(const Wakeup *wakeup);

#endif
