/* wakeup.c: a descriptor that a signal handler makes ready to read. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "platform.h"
#include "wakeup.h"

int wakeup_open(Wakeup *wakeup) {
  int ends[2];
  if (platform_pipe(ends, O_NONBLOCK) != 0) return -1;
  *wakeup = (Wakeup){ ends[0], ends[1] };
  return 0;
}

void wakeup_close(Wakeup *wakeup) {
  if (wakeup->read_end < 0) return;
  close(wakeup->read_end);
  close(wakeup->write_end);
  *wakeup = (Wakeup)WAKEUP_NONE;
}

void wakeup_call(const Wakeup *wakeup) {
  int saved = errno;
  if (write(wakeup->write_end, "", 1) < 0) { /* the pipe is full: it is ready already */ }
  errno = saved;
}

void wakeup_clear(const Wakeup *wakeup) {
  char calls[64];
  while (read(wakeup->read_end, calls, sizeof calls) > 0) { }
}
