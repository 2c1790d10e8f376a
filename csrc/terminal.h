/* terminal.h: the terminal of this process in raw mode, so that every key goes to another machine.
   At most one is open. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stddef.h>
#include <sys/types.h>

/* Open the terminal and make it raw. NULL: *why says in words why it cannot be used. It is restored
   by terminal_close, and when the process exits. */
typedef struct Terminal Terminal;
Terminal *terminal_open(const char **why);
void      terminal_close(Terminal *terminal);

/* Make it raw again, after another program had it: a stopped process goes on. */
void terminal_again(Terminal *terminal);

/* Restore the terminal that is open, if one is. A signal handler may call it. */
void terminal_restore(void);

int terminal_descriptor(const Terminal *terminal);      /* ready to read when keys were pressed */
int terminal_room(const Terminal *terminal);      /* to watch for output */

/* Read keys. Return the number of bytes; 0: the terminal has gone; -1: there are none now. */
ssize_t terminal_read(Terminal *terminal, char *to, size_t max);

/* Write as much as there is room for. Return the number of bytes; -1: the terminal has gone. */
ssize_t terminal_write(Terminal *terminal, const char *text, size_t len);

/* Tell its size. Where it is not known: 80 columns and 24 rows. */
void terminal_size(const Terminal *terminal, int *columns, int *rows);

#endif
