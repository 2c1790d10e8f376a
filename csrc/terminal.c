/* terminal.c: the terminal of this process in raw mode.

   It is opened anew as /dev/tty: O_NONBLOCK on standard input and output would also hold for the
   shell that started this process. How it was before is in a static variable, the only one outside
   of main.c: a signal handler and atexit get no argument. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

struct Terminal {
  int fd;
  int room;      /* the same terminal under another number: a loop watches a number for one thing */
};

static struct {
  volatile sig_atomic_t is_raw;
  int    fd;
  pid_t  owner;            /* a forked child must leave its parent's terminal alone */
  struct termios saved;
  int    has_exit;         /* atexit was called */
} mode;

/* In the background it must not be touched: that would stop the process, and the shell has it. */
static int is_ours(void) { return getpid() == mode.owner && tcgetpgrp(mode.fd) == getpgrp(); }

void terminal_restore(void) {
  if (!mode.is_raw) return;
  mode.is_raw = 0;
  if (is_ours()) tcsetattr(mode.fd, TCSANOW, &mode.saved);
}

/* Make the terminal raw. Return 0, or -1 with errno. */
static int make_raw(int fd) {
  struct termios raw = mode.saved;
  cfmakeraw(&raw);
  return tcsetattr(fd, TCSANOW, &raw);
}

static const char *fault_in_terminal(void) {
  if (!isatty(STDIN_FILENO)) return "standard input is not a terminal";
  if (!isatty(STDOUT_FILENO)) return "standard output is not a terminal";
  pid_t group = tcgetpgrp(STDIN_FILENO);
  if (group < 0) return "standard input is not the terminal that controls this program";
  if (group != getpgrp()) return "this program runs in the background";
  return mode.is_raw ? "it is in use already" : NULL;
}

Terminal *terminal_open(const char **why) {
  *why = fault_in_terminal();
  Terminal *terminal = *why ? NULL : malloc(sizeof *terminal);
  if (!terminal) {
    if (!*why) *why = "there is not enough memory";
    return NULL;
  }
  terminal->room = -1;
  terminal->fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (terminal->fd >= 0) terminal->room = fcntl(terminal->fd, F_DUPFD_CLOEXEC, 0);
  if (terminal->room < 0 || tcgetattr(terminal->fd, &mode.saved) != 0) goto fail;
  if (!mode.has_exit) mode.has_exit = atexit(terminal_restore) == 0;
  mode.fd = terminal->fd;
  mode.owner = getpid();
  if (make_raw(terminal->fd) != 0) goto fail;
  mode.is_raw = 1;
  return terminal;

fail:
  *why = "it cannot be opened";
  terminal_close(terminal);
  return NULL;
}

void terminal_close(Terminal *terminal) {
  if (!terminal) return;
  if (mode.fd == terminal->fd) terminal_restore();
  if (terminal->room >= 0) close(terminal->room);
  if (terminal->fd >= 0) close(terminal->fd);
  free(terminal);
}

void terminal_again(Terminal *terminal) {
  if (mode.is_raw && is_ours()) make_raw(terminal->fd);
}

int terminal_descriptor(const Terminal *terminal) { return terminal->fd; }
int terminal_room(const Terminal *terminal) { return terminal->room; }

ssize_t terminal_read(Terminal *terminal, char *to, size_t max) {
  ssize_t count = read(terminal->fd, to, max);
  if (count >= 0) return count;
  return errno == EAGAIN || errno == EINTR ? -1 : 0;
}

ssize_t terminal_write(Terminal *terminal, const char *text, size_t len) {
  ssize_t count = write(terminal->fd, text, len);
  if (count >= 0) return count;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

void terminal_size(const Terminal *terminal, int *columns, int *rows) {
  struct winsize size = { 0 };
  if (ioctl(terminal->fd, TIOCGWINSZ, &size) != 0) size.ws_col = size.ws_row = 0;
  *columns = size.ws_col ? size.ws_col : 80;
  *rows = size.ws_row ? size.ws_row : 24;
}
