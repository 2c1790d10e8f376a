/* headers.c: (pure) keep the header fields of a reply as lines in a Buf. What a field means is its
   reader's business. */

#include <string.h>

#include "headers.h"
#include "text.h"

static int is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static size_t without_end(const char *line, size_t len) {
  while (len && is_space(line[len - 1])) len--;
  return len;
}

/* Return the length of the name in "Name: value", or 0 if the line is not a field. */
static size_t name_len(const char *line) {
  size_t len = strcspn(line, ": \t");
  return line[len] == ':' ? len : 0;
}

/* Return a bit that stands for a name in any case, and for few other names. */
static uint64_t bit_of(const char *name, size_t len) {
  return UINT64_C(1) << ((len * 7 + ((unsigned char)*name | 0x20)) & 63);
}

static int add_line(Buf *lines, const char *line, size_t len) {
  if (buf_reserve(lines, len + 1) != 0) return -1;
  memcpy(lines->data + lines->len, line, len);
  lines->len += len + 1;
  lines->data[lines->len - 1] = lines->data[lines->len] = '\0';
  return 0;
}

/* Append a line. If it is a field, note its name. */
static int add_field(Headers *headers, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (colon) headers->likely |= bit_of(line, (size_t)(colon - line));
  return add_line(&headers->lines, line, len);
}

/* Append a line that begins with a blank to the value before it (obs-fold). */
static int unfold(Buf *lines, const char *line, size_t len) {
  while (len && is_space(*line)) line++, len--;
  if (lines->len == 0 || len == 0) return 0;
  lines->len--;      /* drop the NUL of the line before */
  buf_puts(lines, " ");
  return add_line(lines, line, len);
}

int headers_add(Headers *headers, const char *line, size_t len) {
  Buf *lines = &headers->lines;
  int folded = len && (*line == ' ' || *line == '\t');
  if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    headers_reset(headers);
    return 0;
  }
  len = without_end(line, len);
  if (len == 0) return 0;
  /* A NUL would end the line early and begin another: keep an empty line instead. */
  if (memchr(line, '\0', len)) len = 0;
  return folded ? unfold(lines, line, len) : add_field(headers, line, len);
}

const char *headers_next(const Headers *headers, const char *line) {
  return headers_next_with(headers, line, "");
}

const char *headers_next_with(const Headers *headers, const char *line, const char *prefix) {
  const Buf *lines = &headers->lines;
  const char *next = line ? line + strlen(line) + 1 : lines->data;
  while (next && next < lines->data + lines->len) {
    if (text_starts(next, prefix) && name_len(next)) return next;
    next += strlen(next) + 1;
  }
  return NULL;
}

const char *headers_get(const Headers *headers, const char *name) {
  const Buf *lines = &headers->lines;
  size_t len = strlen(name), line_len;
  if (!(headers->likely & bit_of(name, len))) return NULL;      /* most names are absent */
  for (const char *line = lines->data; line && line < lines->data + lines->len; ) {
    line_len = strlen(line);
    int may_be = line_len > len && line[len] == ':';      /* most lines end here */
    if (may_be && text_starts(line, name)) return line + len + 1 + strspn(line + len + 1, " \t");
    line += line_len + 1;
  }
  return NULL;
}

void headers_reset(Headers *headers) {
  buf_reset(&headers->lines);
  headers->likely = 0;
}

void headers_clear(Headers *headers) {
  buf_clear(&headers->lines);
  headers->likely = 0;
}
