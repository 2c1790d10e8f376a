/* text.c: short texts: what the C library lacks for them. Nothing here depends on the locale. */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "platform.h"
#include "text.h"

char *text_copy(const char *text) { return text ? strdup(text) : NULL; }

int text_is_copied(const char *copy, const char *text) { return copy || !text; }

char *text_format(const char *format, ...) {
  char *text = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0) text = NULL;
  va_end(args);
  return text;
}

char *text_join(const char *first, size_t first_len, const char *second) {
  size_t second_size = strlen(second) + 1;
  char *both = malloc(first_len + second_size);
  if (!both) return NULL;
  memcpy(both, first, first_len);
  memcpy(both + first_len, second, second_size);
  return both;
}

char **text_list_copy(const char *const *list) {
  size_t count = 0;
  while (list && list[count]) count++;
  char **copy = count ? calloc(count + 1, sizeof *copy) : NULL;
  for (size_t i = 0; copy && i < count; i++) {
    if ((copy[i] = text_copy(list[i]))) continue;
    text_list_free(copy);
    return NULL;
  }
  return copy;
}

int text_list_is_copied(char *const *copy, const char *const *list) {
  return copy || !list || !*list;
}

void text_list_free(char **list) {
  for (char **text = list; text && *text; text++) free(*text);
  free(list);
}

void text_set(char **slot, const char *text) {
  char *copy = text_copy(text);      /* first: text may be a part of the old one */
  free(*slot);
  *slot = copy;
}

void text_wipe(char *text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}

/* -- shared texts ------------------------------------------------------------------------------ */

typedef struct Shared {
  size_t owners;
  char   text[];
} Shared;

static Shared *shared_of(const char *text) { return (Shared *)(text - offsetof(Shared, text)); }

char *text_shared_new(const char *first, const char *second) {
  size_t first_len = strlen(first), second_size = strlen(second) + 1;
  Shared *shared = malloc(sizeof *shared + first_len + second_size);
  if (!shared) return NULL;
  shared->owners = 1;
  memcpy(shared->text, first, first_len);
  memcpy(shared->text + first_len, second, second_size);
  return shared->text;
}

char *text_share(const char *shared) {
  if (!shared) return NULL;
  Shared *whole = shared_of(shared);
  whole->owners++;
  return whole->text;
}

void text_unshare(char *shared) {
  if (!shared || --shared_of(shared)->owners > 0) return;
  explicit_bzero(shared, strlen(shared));
  free(shared_of(shared));
}

/* -- comparing --------------------------------------------------------------------------------- */

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

int text_equal(const char *a, const char *b) {
  if (!a || !b) return a == b;
  while (*a && lower(*a) == lower(*b)) a++, b++;
  return *a == *b;
}

int text_starts(const char *text, const char *prefix) {
  while (*prefix && lower(*text) == lower(*prefix)) text++, prefix++;
  return *prefix == '\0';
}

int text_ends(const char *text, const char *ending) {
  size_t len = strlen(text), ending_len = strlen(ending);
  return len >= ending_len && strcmp(text + len - ending_len, ending) == 0;
}

int text_has_control(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) return 1;
  return 0;
}

typedef signed char Block __attribute__((vector_size(16)));

/* Tell whether the bytes of a block are plain, all at once. A status URL has 3 KB, and each start
   looks at it four times, for 13,000 instructions; words of eight bytes took 22,000. */
static int are_plain(const char *at) {
  Block block;
  uint64_t halves[2];
  memcpy(&block, at, sizeof block);
  block = (block > ' ') & ~((block == 0x7F) | (block == '"') | (block == '\\'));
  memcpy(halves, &block, sizeof halves);
  return (halves[0] & halves[1]) == UINT64_MAX;
}

static int is_plain(char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; }

size_t text_plain(const char *text, size_t len) {
  size_t count = 0;
  while (len - count >= sizeof(Block) && are_plain(text + count)) count += sizeof(Block);
  while (count < len && is_plain(text[count])) count++;
  return count;
}

int text_is_visible(const char *text) {
  const char *end = text + strlen(text);
  for (text += text_plain(text, (size_t)(end - text)); text < end;) {
    if ((unsigned char)*text <= ' ' || *text == 0x7F) return 0;
    text++;      /* a quote, a backslash or a byte beyond ASCII */
    text += text_plain(text, (size_t)(end - text));
  }
  return 1;
}

int text_is_token(const char *text) {
  if (!text || !*text) return 0;
  for (; *text; text++)
    if (*text <= ' ' || *text > '~') return 0;
  return 1;
}

/* -- lines for people -------------------------------------------------------------------------- */

/* Return the length of a UTF-8 character by its first byte; 0: the byte begins no character. */
static size_t announced_len(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;      /* a later byte, or a longer form than needed */
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

/* Return the length of the well-formed UTF-8 character at the beginning; 0: it is malformed. */
static size_t character(const unsigned char *s, size_t left) {
  size_t len = announced_len(s[0]);
  if (len > left) return 0;
  for (size_t i = 1; i < len; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  int is_overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
  int is_surrogate = s[0] == 0xED && s[1] > 0x9F, is_beyond = s[0] == 0xF4 && s[1] > 0x8F;
  if (is_overlong || is_surrogate || is_beyond) return 0;      /* beyond: above U+10FFFF */
  return len;
}

static int is_blank(const unsigned char *s, size_t len) {
  if (len == 1) return s[0] <= ' ' || s[0] == 0x7F;
  return s[0] == 0xC2 && s[1] < 0xA0;      /* C1 controls: they move a terminal's cursor too */
}

size_t text_character(const char *text, size_t left) {
  return left ? character((const unsigned char *)text, left) : 0;
}

int text_is_text(const char *text, size_t len) {
  const unsigned char *s = (const unsigned char *)text, *end = s + len;
  for (size_t n; s < end; s += n) {
    n = character(s, (size_t)(end - s));
    if (n == 0 || *s == '\0' || (is_blank(s, n) && !strchr(" \t\r\n", *s))) return 0;
  }
  return 1;
}

char *text_line(const char *text, size_t len, size_t max) {
  static const char more[] = "...";
  const unsigned char *s = (const unsigned char *)text, *end = s + len;
  Buf line = { 0 };
  size_t gap = 0;      /* 1: blanks have followed the last character */
  for (size_t n; s < end; s += n) {
    int known = (n = character(s, (size_t)(end - s))) > 0;
    if (!known) n = 1;
    if (known && is_blank(s, n)) {
      gap = line.len > 0;
      continue;
    }
    if (line.len + gap + n + strlen(more) > max) {
      buf_puts(&line, more);
      break;
    }
    buf_add(&line, " ", gap);
    buf_add(&line, known ? (const char *)s : "?", n);
    gap = 0;
  }
  return buf_take(&line);
}

/* -- numbers, variables, ids ------------------------------------------------------------------- */

const char *text_after_mark(const char *text, size_t *len) {
  static const char MARK[] = "\xEF\xBB\xBF";
  size_t mark = sizeof MARK - 1;
  if (*len < mark || memcmp(text, MARK, mark) != 0) return text;
  *len -= mark;
  return text + mark;
}

int text_number(const char *text, double *number) {
  enum { MAX_DIGITS = 15 };      /* a double holds so many exactly */
  size_t whole = strspn(text, "0123456789"), fraction = 0;
  const char *rest = text + whole;
  double value = 0, scale = 1;
  if (*rest == '.') {
    fraction = strspn(++rest, "0123456789");
    if (fraction == 0) return 0;
  }
  if (whole == 0 || whole > MAX_DIGITS || rest[fraction] != '\0') return 0;
  if (whole + fraction > MAX_DIGITS) fraction = MAX_DIGITS - whole;
  for (size_t i = 0; i < whole; i++) value = value * 10 + (text[i] - '0');
  for (size_t i = 0; i < fraction; i++, scale *= 10) value = value * 10 + (rest[i] - '0');
  *number = value / scale;
  return 1;
}

const char *text_variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

void text_guid_of(const unsigned char bytes[16], char out[37]) {
  static const char hex[] = "0123456789abcdef";
  for (int i = 0; i < 16; i++) {
    unsigned char byte = bytes[i];
    if (i == 6) byte = (unsigned char)((byte & 0x0F) | 0x40);
    if (i == 8) byte = (unsigned char)((byte & 0x3F) | 0x80);
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = hex[byte >> 4];
    *out++ = hex[byte & 0x0F];
  }
  *out = '\0';
}

void text_guid(char out[37]) {
  unsigned char bytes[16];
  if (platform_random(bytes, sizeof bytes) != 0)
    memset(bytes, 0, sizeof bytes);      /* harmless: the GUID only names a request */
  text_guid_of(bytes, out);
}
