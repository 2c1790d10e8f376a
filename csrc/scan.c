/* scan.c: (pure) check a JSON text in one pass and find some of its members. Leaves the meaning of
   the values to its callers. An instance of 2.2 KB takes 24,000 instructions; to decode it takes
   120,000. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "text.h"

enum {
  MAX_DEPTH = 1000,                              /* as lua-cjson */
  LONGEST_ESCAPED = 6 * SCAN_LONGEST_NAME + 2    /* a name of "\u0061" for each letter */
};

/* What is looked for in an object: a bit for each path. */
typedef uint32_t Paths;

typedef struct Scan {
  const char *at, *end;         /* *end is NUL */
  const ScanPath *paths;
  Span *found;
  int depth;
  int has_escape;               /* the last text has one */
  ScanPage *page;               /* its first path leads to the list of its items; NULL: no page */
  const ScanPath *item_paths;   /* of each item */
  size_t item_count;
} Scan;

enum { LIST = 1 };              /* the first path */

static Paths all_paths(size_t count) { return ((Paths)1 << count) - 1; }

/* Return the index of the first of some paths. */
static inline int first_of(Paths paths) { return __builtin_ctz(paths); }

/* -- tokens: each returns 1 and moves on, or returns 0 ----------------------------------------- */

static inline void skip_blanks(Scan *s) {
  while (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t') s->at++;
}

/* Take a character and the blanks behind it. */
static inline int take(Scan *s, char wanted) {
  if (*s->at != wanted) return 0;
  s->at++;
  skip_blanks(s);
  return 1;
}

/* Return the number of four hexadecimal digits; -1: they are something else. */
static int hex4(const char *text) {
  int number = 0;
  for (int i = 0; i < 4; i++) {
    char c = text[i];
    int digit = c >= '0' && c <= '9' ? c - '0'
      : c >= 'a' && c <= 'f' ? c - 'a' + 10
      : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;      /* also at the NUL: nothing behind it is read */
    number = number * 16 + digit;
  }
  return number;
}

/* Return the code point of "\uXXXX" or of a pair of surrogates, and its length; -1: malformed. */
static long code_point(const char *escape, size_t *len) {
  long first = hex4(escape + 2), second;
  *len = 6;
  if (first < 0xD800 || first > 0xDFFF) return first;
  if (first > 0xDBFF || escape[6] != '\\' || escape[7] != 'u') return -1;
  second = hex4(escape + 8);
  if (second < 0xDC00 || second > 0xDFFF) return -1;
  *len = 12;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static int take_escape(Scan *s) {
  size_t len = 2;
  char letter = s->at[1];
  if (letter == 'u' ? code_point(s->at, &len) < 0 : !letter || !strchr("\"\\/bfnrt", letter))
    return 0;
  s->at += len;
  return 1;
}

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Set the highest bit of the first of eight bytes that is not plain, and perhaps those of later
   ones. */
static inline uint64_t find_special(uint64_t word) {
  uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
  uint64_t special = ((word - EACH(' ')) & ~word) | ((quote - EACH(1)) & ~quote)
    | ((backslash - EACH(1)) & ~backslash) | word;
  return special & EACH(0x80);
}

/* Skip ASCII other than control characters, quotes and backslashes: eight bytes at a time, which
   halves the time of a scan. */
static inline const char *skip_plain(const char *at, const char *end) {
  for (uint64_t word; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
    memcpy(&word, at, sizeof word);
    uint64_t special = find_special(word);
    if (special) return at + (__builtin_ctzll(special) >> 3);
  }
  return at;
}
#else
static inline const char *skip_plain(const char *at, const char *end) { (void)end; return at; }
#endif

/* Take a text and give its span, quotes included. */
static int take_text(Scan *s, Span *span) {
  span->text = s->at;
  s->has_escape = 0;
  if (*s->at++ != '"') return 0;
  for (;;) {
    s->at = skip_plain(s->at, s->end);
    unsigned char byte = (unsigned char)*s->at;
    size_t len = 1;
    if (byte == '"') break;
    if (byte == '\\') {
      s->has_escape = 1;
      if (!take_escape(s)) return 0;
      continue;
    }
    if (byte >= 0x80) len = text_character(s->at, (size_t)(s->end - s->at));
    if (byte < ' ' || len == 0) return 0;
    s->at += len;
  }
  s->at++;
  span->len = (size_t)(s->at - span->text);
  return 1;
}

static int take_digits(Scan *s) {
  const char *first = s->at;
  while (*s->at >= '0' && *s->at <= '9') s->at++;
  return s->at > first;
}

static int take_number(Scan *s) {
  if (*s->at == '-') s->at++;
  if (*s->at == '0') s->at++;
  else if (!take_digits(s)) return 0;
  if (*s->at == '.' && (s->at++, !take_digits(s))) return 0;
  if (*s->at != 'e' && *s->at != 'E') return 1;
  s->at++;
  if (*s->at == '+' || *s->at == '-') s->at++;
  return take_digits(s);
}

static int take_word(Scan *s, const char *word) {
  size_t len = strlen(word);
  if (strncmp(s->at, word, len) != 0) return 0;
  s->at += len;
  return 1;
}

/* -- names ------------------------------------------------------------------------------------- */

/* Return what a text says, between its quotes. Decode a text with escapes into the buffer, if it
   can be the name of a path. */
static Span inner(const Scan *s, Span text, char buffer[LONGEST_ESCAPED]) {
  if (s->has_escape && text.len <= LONGEST_ESCAPED)
    return (Span){ buffer, scan_decode(text, buffer) };
  return (Span){ text.text + 1, text.len - 2 };
}

static inline int is_name(Span text, const char *name) {
  return *text.text == *name && strncmp(text.text, name, text.len) == 0 && name[text.len] == '\0';
}

/* Return which of some paths go through a member of an object that is level names deep, and forget
   what was found there: of two members with the same name the last counts. *ending has those that
   end at the member. */
static Paths paths_through(Scan *s, Span name, Paths paths, int level, Paths *ending) {
  Paths through = 0;
  for (; paths; paths &= paths - 1) {
    int i = first_of(paths);
    Paths bit = (Paths)1 << i;
    if (!is_name(name, s->paths[i].names[level])) continue;
    through |= bit;
    if (!s->paths[i].names[level + 1]) *ending |= bit;
    s->found[i] = (Span){ NULL, 0 };
  }
  return through;
}

/* -- values ------------------------------------------------------------------------------------ */

static int take_value(Scan *s, Paths paths, int level);

/* Take the items of a page. Each is an object. */
static int take_items(Scan *s);

static int take_member(Scan *s, Paths paths, int level) {
  char buffer[LONGEST_ESCAPED];
  Span name, value;
  Paths ending = 0;
  if (!take_text(s, &name)) return 0;
  if (paths) paths = paths_through(s, inner(s, name, buffer), paths, level, &ending);
  skip_blanks(s);
  if (!take(s, ':')) return 0;
  value.text = s->at;
  int is_list = s->page && (ending & LIST);
  if (is_list ? !take_items(s) : !take_value(s, paths & ~ending, level + 1)) return 0;
  value.len = (size_t)(s->at - value.text);
  for (; ending; ending &= ending - 1) s->found[first_of(ending)] = value;
  skip_blanks(s);
  return 1;
}

/* Take an object that is level names deep on the way to some paths. */
static int take_object(Scan *s, Paths paths, int level) {
  if (++s->depth > MAX_DEPTH || !take(s, '{')) return 0;
  if (*s->at != '}') {
    do {
      if (!take_member(s, paths, level)) return 0;
    } while (take(s, ','));
  }
  s->depth--;
  return *s->at++ == '}';
}

static int take_array(Scan *s) {
  if (++s->depth > MAX_DEPTH || !take(s, '[')) return 0;
  if (*s->at != ']') {
    do {
      if (!take_value(s, 0, 0)) return 0;
      skip_blanks(s);
    } while (take(s, ','));
  }
  s->depth--;
  return *s->at++ == ']';
}

static int take_value(Scan *s, Paths paths, int level) {
  Span text;
  switch (*s->at) {
    case '{': return take_object(s, paths, level);
    case '[': return take_array(s);
    case '"': return take_text(s, &text);
    case 't': return take_word(s, "true");
    case 'f': return take_word(s, "false");
    case 'n': return take_word(s, "null");
    default: return take_number(s);
  }
}

/* -- pages ------------------------------------------------------------------------------------- */

/* Return the spans of one more item, empty. NULL: memory is short. */
static Span *add_item(ScanPage *page, size_t width) {
  size_t used = page->count * width, needed = used + width;
  if (needed > page->capacity) {
    size_t capacity = needed + page->capacity;
    if (capacity < 128 * width) capacity = 128 * width;      /* more than a page of ARM holds */
    Span *grown = realloc(page->spans, capacity * sizeof *grown);
    if (!grown) return NULL;
    page->spans = grown;
    page->capacity = capacity;
  }
  page->count++;
  return memset(page->spans + used, 0, width * sizeof *page->spans);
}

static int take_item(Scan *s, ScanPage *page) {
  Span *spans = add_item(page, 1 + s->item_count);
  if (!spans) return 0;
  Scan item = {
    .at = s->at, .end = s->end, .depth = s->depth, .paths = s->item_paths, .found = spans + 1
  };
  if (!take_object(&item, all_paths(s->item_count), 0)) return 0;
  *spans = (Span){ s->at, (size_t)(item.at - s->at) };
  s->at = item.at;
  skip_blanks(s);
  return 1;
}

static int take_items(Scan *s) {
  s->page->count = 0;
  if (++s->depth > MAX_DEPTH || !take(s, '[')) return 0;
  if (*s->at != ']') {
    do {
      if (!take_item(s, s->page)) return 0;
    } while (take(s, ','));
  }
  s->depth--;
  return *s->at++ == ']';
}

/* -- whole texts ------------------------------------------------------------------------------- */

/* Take an object, and nothing but blanks around it. */
static int take_whole(Scan *s, size_t count) {
  skip_blanks(s);
  if (!take_object(s, all_paths(count), 0)) return 0;
  skip_blanks(s);
  return s->at == s->end;
}

int scan_object(const char *text, size_t len, const ScanPath *paths, size_t count, Span *found) {
  Scan scan = { .at = text, .end = text + len, .paths = paths, .found = found };
  memset(found, 0, count * sizeof *found);
  return take_whole(&scan, count);
}

int scan_page(const char *text, size_t len, const char *items, const char *next,
              const ScanPath *paths, size_t count, ScanPage *page) {
  const ScanPath outer[] = { { { items } }, { { next } } };
  Span found[] = { { NULL, 0 }, { NULL, 0 } };
  Scan scan = {
    .at = text, .end = text + len, .paths = outer, .found = found,
    .page = page, .item_paths = paths, .item_count = count
  };
  int is_page = take_whole(&scan, 2) && found[0].text;
  page->next = found[1];
  return is_page;
}

void scan_page_clear(ScanPage *page) {
  free(page->spans);
  *page = (ScanPage){ 0 };
}

/* -- what was found ---------------------------------------------------------------------------- */

int scan_member(Span object, const char **place, Span *name, Span *value) {
  Scan scan = { .at = *place ? *place : object.text, .end = object.text + object.len };
  if (!take(&scan, *place ? ',' : '{') || *scan.at == '}') return 0;
  if (!take_text(&scan, name)) return 0;
  skip_blanks(&scan);
  if (!take(&scan, ':')) return 0;
  value->text = scan.at;
  if (!take_value(&scan, 0, 0)) return 0;
  value->len = (size_t)(scan.at - value->text);
  skip_blanks(&scan);
  *place = scan.at;
  return 1;
}

int scan_is_text(Span span) { return span.text && *span.text == '"'; }

/* Write a code point as UTF-8. Return how many bytes it has. */
static size_t write_utf8(char *out, unsigned long code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
  for (size_t i = more; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)(lead[more] | code);
  return more + 1;
}

static char plain_of(char letter) {
  static const char pairs[] = "b\bf\fn\nr\rt\t";
  for (const char *pair = pairs; *pair; pair += 2)
    if (*pair == letter) return pair[1];
  return letter;      /* a quote, a slash or a backslash */
}

size_t scan_decode(Span text, char *out) {
  const char *at = text.text + 1, *end = text.text + text.len - 1;
  char *begin = out;
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    size_t plain = (size_t)((escape ? escape : end) - at), len = 2;
    memcpy(out, at, plain);
    out += plain;
    at += plain;
    if (!escape) break;
    if (at[1] == 'u') out += write_utf8(out, (unsigned long)code_point(at, &len));
    else *out++ = plain_of(at[1]);
    at += len;
  }
  return (size_t)(out - begin);
}
