/* buf.h: bytes that grow. A Buf of zeros is empty. Once it has data, the data ends in a NUL that
   len does not count. */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

typedef struct Buf {
  char  *data;     /* owned; NULL while empty */
  size_t len;
  size_t cap;
  size_t limit;    /* bytes beyond which it refuses to grow; 0: no limit */
  int    failed;   /* an append exceeded the limit or the memory: nothing was added since */
} Buf;

/* Make room for `more` bytes at once. Return 0 or -1. */
int buf_reserve(Buf *buf, size_t more);

/* Append. Return 0, or -1 and set failed. The caller may check several appends once, at the end. */
int buf_add(Buf *buf, const void *data, size_t len);
int buf_puts(Buf *buf, const char *text);
int buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Remove bytes at the beginning, at most all. */
void buf_drop(Buf *buf, size_t len);

/* Take the text out and leave the Buf empty. The caller frees it. NULL: an append has failed. */
char *buf_take(Buf *buf);

void buf_reset(Buf *buf);      /* empty it; memory and limit stay */
void buf_clear(Buf *buf);      /* release the memory; the limit stays */
void buf_wipe(Buf *buf);       /* overwrite a secret, then release the memory */

#endif
