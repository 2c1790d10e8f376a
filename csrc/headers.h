/* headers.h: (pure) the header fields of a reply. Names match in any case. A status line drops the
   fields before it, so that those of a 1xx reply do not count. */
#ifndef HEADERS_H
#define HEADERS_H

#include <stdint.h>

#include "buf.h"

typedef struct Headers {
  Buf lines;          /* "Name: value" NUL "Name: value" NUL; its limit bounds the reply's fields */
  uint64_t likely;    /* a bit for each name that headers_add has seen; few other names share it. A
                         name whose bit is missing is absent */
} Headers;

/* Add a line as libcurl delivers it, with its CR LF. A status line starts a new block; ignore an
   empty line. -1: the reply's header fields exceed the limit. */
int  headers_add(Headers *headers, const char *line, size_t len);
/* Return the trimmed value of the first field of a name, or NULL. */
const char *headers_get(const Headers *headers, const char *name);
/* Return the "Name: value" after a line, the first for NULL, and NULL after the last. */
const char *headers_next(const Headers *headers, const char *line);
/* The same, but only a line that begins with a prefix. */
const char *headers_next_with(const Headers *headers, const char *line, const char *prefix);
void headers_reset(Headers *headers);
void headers_clear(Headers *headers);

#endif
