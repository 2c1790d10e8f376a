/* buf.c: bytes that grow. They may be secret, so memory that growing leaves behind is overwritten.
   Leaves their meaning to the callers. */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "platform.h"

enum { FIRST_CAP = 64 };

static int refuse(Buf *buf) {
  buf->failed = 1;
  return -1;
}

static int grow(Buf *buf, size_t cap) {
  char *data = malloc(cap);
  if (!data) return refuse(buf);
  if (buf->data) {
    memcpy(data, buf->data, buf->len);
    explicit_bzero(buf->data, buf->cap);
    free(buf->data);
  }
  data[buf->len] = '\0';
  buf->data = data;
  buf->cap = cap;
  return 0;
}

int buf_reserve(Buf *buf, size_t more) {
  size_t cap = buf->cap ? buf->cap : FIRST_CAP;
  if (buf->failed || more >= SIZE_MAX - buf->len) return refuse(buf);
  size_t needed = buf->len + more + 1;      /* with the NUL */
  if (buf->limit && needed - 1 > buf->limit) return refuse(buf);
  if (needed <= buf->cap) return 0;
  while (cap < needed) cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
  return grow(buf, cap);
}

int buf_add(Buf *buf, const void *data, size_t len) {
  if (buf_reserve(buf, len) != 0) return -1;
  if (len) memcpy(buf->data + buf->len, data, len);
  buf->len += len;
  buf->data[buf->len] = '\0';
  return 0;
}

int buf_puts(Buf *buf, const char *text) { return buf_add(buf, text, strlen(text)); }

int buf_printf(Buf *buf, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (len < 0) return refuse(buf);
  if (buf_reserve(buf, (size_t)len) != 0) return -1;
  va_start(args, format);
  vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
  va_end(args);
  buf->len += (size_t)len;
  return 0;
}

void buf_drop(Buf *buf, size_t len) {
  if (!buf->data) return;
  if (len > buf->len) len = buf->len;
  buf->len -= len;
  memmove(buf->data, buf->data + len, buf->len + 1);      /* with the NUL */
}

char *buf_take(Buf *buf) {
  char *text = buf_reserve(buf, 0) == 0 ? buf->data : NULL;      /* an empty Buf gives "" */
  if (text) buf->data = NULL;
  buf_clear(buf);
  return text;
}

void buf_reset(Buf *buf) {
  buf->len = 0;
  buf->failed = 0;
  if (buf->data) buf->data[0] = '\0';
}

void buf_clear(Buf *buf) {
  free(buf->data);
  *buf = (Buf){ .limit = buf->limit };
}

void buf_wipe(Buf *buf) {
  if (buf->data) explicit_bzero(buf->data, buf->cap);
  buf_clear(buf);
}
