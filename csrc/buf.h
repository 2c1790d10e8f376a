/* buf.h: bytes that grow. A Buf of zeros is empty; its data, once there is any, ends in a NUL that len does not count. */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

typedef struct Buf {
  char  *data;     /* ours, NULL while empty */
  size_t len;
  size_t cap;
  size_t limit;    /* refuse to grow beyond; 0 = no limit */
  int    failed;   /* an append did not fit or memory ran out: nothing was added since */
} Buf;

int buf_reserve(Buf *buf, size_t more);     /* room for so many bytes more, at once instead of step by step; 0 or -1 */
/* Appends return 0, or -1 and set failed; so a row of them may be checked once, at the end. */
int buf_add(Buf *buf, const void *data, size_t len);
int buf_puts(Buf *buf, const char *text);
int buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

char *buf_take(Buf *buf);     /* the text, now the caller's to free; NULL if failed. The Buf is empty again */
void  buf_reset(Buf *buf);    /* empty, memory and limit kept */
void  buf_clear(Buf *buf);    /* release */
void  buf_wipe(Buf *buf);     /* release, overwritten first: for secrets */

#endif
