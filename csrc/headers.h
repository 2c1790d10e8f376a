/* headers.h: (pure) the header fields of one reply. Names are compared without case; the last block wins (after a 1xx). */
#ifndef HEADERS_H
#define HEADERS_H

#include "buf.h"

typedef struct Headers {
  Buf lines;     /* "Name: value" NUL "Name: value" NUL; its limit bounds what a server may send */
} Headers;

int  headers_add(Headers *headers, const char *line, size_t len);    /* one line as libcurl hands it over, CR LF included; -1: too much.
                                                                        A status line starts anew, the empty line is ignored */
const char *headers_get(const Headers *headers, const char *name);   /* the first one's value, trimmed; NULL if absent */
const char *headers_next(const Headers *headers, const char *line);  /* walk: NULL gives the first "Name: value", then the next, NULL at the end */
void headers_reset(Headers *headers);
void headers_clear(Headers *headers);

#endif
