/* scan.c: (pure) check a JSON text in one pass and find some of its members. Leaves the meaning of
   the values to its callers. An instance of 2.2 KB takes 10,000 instructions, and 15,000 without
   SSE2; to decode it takes 120,000. */

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

/* What to find in an object, and where to put it. */
typedef struct Search {
  const ScanPaths *paths;
  Span            *found;       /* for each path */
  ScanPage        *page;        /* the first path leads to its items; NULL: there is no page */
  const ScanPaths *item_paths;  /* what to look for in each item */
} Search;

typedef struct Scan {
  const char *end;              /* *end is NUL */
  int depth;
  int has_escape;               /* a text has had one since this was 0 */
} Scan;

enum { LIST = 1 };              /* the first path */

static Paths all_of(const ScanPaths *paths) { return ((Paths)1 << paths->count) - 1; }

/* Return the index of the first of some paths. */
static inline int first_of(Paths paths) { return __builtin_ctz(paths); }

/* -- plain bytes: ASCII but control characters, quotes and backslashes ------------------------- */

static inline int is_plain(char c) {
  unsigned char byte = (unsigned char)c;
  return byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
}

/* find_special sets a bit for the first byte of a block that is not plain, and perhaps for later
   ones; 0: all are plain. byte_of tells which byte a bit stands for. */
#if defined __SSE2__ && !defined SCAN_PORTABLE
#include <emmintrin.h>

enum { BLOCK = 16 };
typedef unsigned Bits;

static inline Bits find_special(const char *at) {
  __m128i block = _mm_loadu_si128((const __m128i *)at);
  __m128i is_quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
  __m128i is_backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
  /* As signed numbers, bytes beyond ASCII are less than a blank, like control characters. */
  __m128i is_outside = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
  return (Bits)_mm_movemask_epi8(
    _mm_or_si128(is_outside, _mm_or_si128(is_quote, is_backslash)));
}

static inline int byte_of(Bits bits) { return __builtin_ctz(bits); }

#elif defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

enum { BLOCK = 8 };
typedef uint64_t Bits;

static inline Bits find_special(const char *at) {
  uint64_t block;
  memcpy(&block, at, sizeof block);
  uint64_t quote = block ^ EACH('"'), backslash = block ^ EACH('\\');
  uint64_t special = ((block - EACH(' ')) & ~block) | ((quote - EACH(1)) & ~quote)
    | ((backslash - EACH(1)) & ~backslash) | block;
  return special & EACH(0x80);
}

static inline int byte_of(Bits bits) { return __builtin_ctzll(bits) >> 3; }

#else
enum { BLOCK = 1 };
typedef int Bits;

static inline Bits find_special(const char *at) { return !is_plain(*at); }
static inline int byte_of(Bits bits) { return !bits; }
#endif

/* Skip plain bytes. Most texts are shorter than a block of 16 bytes. */
static inline const char *skip_plain(const char *at, const char *end) {
  for (; end - at >= BLOCK; at += BLOCK) {
    Bits special = find_special(at);
    if (special) return at + byte_of(special);
  }
  while (is_plain(*at)) at++;
  return at;
}

/* -- tokens: each function returns the place behind what it takes; NULL: it is not there ------- */

static inline int is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static inline const char *skip_blanks(const char *at) {
  while ((unsigned char)*at <= ' ' && is_blank(*at)) at++;      /* mostly there are none */
  return at;
}

/* Take a character and the blanks behind it. */
static inline const char *take(const char *at, char wanted) {
  return *at == wanted ? skip_blanks(at + 1) : NULL;
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

static const char *take_escape(const char *at) {
  size_t len = 2;
  char letter = at[1];
  if (letter == 'u' ? code_point(at, &len) < 0 : !letter || !strchr("\"\\/bfnrt", letter))
    return NULL;
  return at + len;
}

/* Take a character beyond plain ASCII: an escape, or several bytes of UTF-8. It is rare: kept out
   of its callers, it does not make them save registers. */
static __attribute__((noinline)) const char *take_special(Scan *s, const char *at) {
  unsigned char byte = (unsigned char)*at;
  if (byte == '\\') {
    s->has_escape = 1;
    return take_escape(at);
  }
  size_t len = byte < 0x80 ? 0 : text_character(at, (size_t)(s->end - at));
  return len ? at + len : NULL;
}

/* Take a text, quotes included. */
static inline const char *take_text(Scan *s, const char *at) {
  if (*at++ != '"') return NULL;
  while (*(at = skip_plain(at, s->end)) != '"')
    if (!(at = take_special(s, at))) return NULL;
  return at + 1;
}

static const char *take_digits(const char *at) {
  const char *first = at;
  while (*at >= '0' && *at <= '9') at++;
  return at > first ? at : NULL;
}

static const char *take_number(const char *at) {
  if (*at == '-') at++;
  at = *at == '0' ? at + 1 : take_digits(at);
  if (at && *at == '.') at = take_digits(at + 1);
  if (!at || (*at != 'e' && *at != 'E')) return at;
  at++;
  if (*at == '+' || *at == '-') at++;
  return take_digits(at);
}

static inline const char *take_word(const char *at, const char *word) {
  size_t len = strlen(word);
  return strncmp(at, word, len) == 0 ? at + len : NULL;
}

/* -- names ------------------------------------------------------------------------------------- */

/* Return a bit that stands for a name, and for few other names. */
static inline uint64_t bit_of(const char *name, size_t len) {
  return UINT64_C(1) << ((len * 7 + (unsigned char)*name) & 63);
}

static inline int is_name(Span text, const ScanPath *path, int level) {
  return text.len == path->lengths[level] && memcmp(text.text, path->names[level], text.len) == 0;
}

/* Return which of some paths go through the name of a member that is level names deep. */
static Paths paths_of(const ScanPaths *all, Span name, Paths paths, int level) {
  while (paths) {
    const ScanPath *first = &all->paths[first_of(paths)];
    if (is_name(name, first, level)) return paths & first->alike[level];
    paths &= ~first->alike[level];
  }
  return 0;
}

/* The same for the text of a name with escapes. */
static Paths paths_of_escaped(const ScanPaths *all, Span text, Paths paths, int level) {
  char name[LONGEST_ESCAPED];
  if (text.len > LONGEST_ESCAPED) return 0;
  return paths_of(all, (Span){ name, scan_decode(text, name) }, paths, level);
}

/* The same for the text of a name, quotes included. */
static inline Paths paths_through(const Scan *s, const ScanPaths *all, Span text, Paths paths,
                                  int level) {
  Span name = { text.text + 1, text.len - 2 };
  if (s->has_escape) return paths_of_escaped(all, text, paths, level);
  int is_likely = (all->likely[level] & bit_of(name.text, name.len)) != 0;      /* most are not */
  return is_likely ? paths_of(all, name, paths, level) : 0;
}

static void set_found(const Search *search, Paths paths, Span found) {
  for (; paths; paths &= paths - 1) search->found[first_of(paths)] = found;
}

/* Note which paths are like the last one down to a level. */
static void find_alike(ScanPaths *paths, int level) {
  ScanPath *last = &paths->paths[paths->count - 1];
  for (size_t i = 0; i < paths->count; i++) {
    ScanPath *path = &paths->paths[i];
    const char *name = path->names[level];
    int is_alike = level == 0 || (last->alike[level - 1] >> i & 1);
    if (!is_alike || !name || strcmp(name, last->names[level]) != 0) continue;
    last->alike[level] |= (Paths)1 << i;
    path->alike[level] |= (Paths)1 << (paths->count - 1);
  }
}

void scan_paths_add(ScanPaths *paths, const char *const *names, size_t count) {
  ScanPath *path = &paths->paths[paths->count++];
  for (size_t level = 0; level < count; level++) {
    size_t len = strlen(names[level]);
    path->names[level] = names[level];
    path->lengths[level] = (unsigned char)len;
    paths->likely[level] |= bit_of(names[level], len);
    find_alike(paths, (int)level);
  }
  paths->ending[count - 1] |= (Paths)1 << (paths->count - 1);
}

/* -- values ------------------------------------------------------------------------------------ */

static const char *take_value(Scan *s, const char *at, const Search *search, Paths paths,
                              int level);

/* Take the items of a page. Each is an object. */
static const char *take_items(Scan *s, const char *at, const Search *search);

/* Most values are texts. */
static inline const char *take_any(Scan *s, const char *at, const Search *search, Paths paths,
                                   int level) {
  return *at == '"' ? take_text(s, at) : take_value(s, at, search, paths, level);
}

/* Take a member that some paths may go through. Of two with the same name the last counts, so that
   what was found in the first is forgotten. */
static const char *take_searched(Scan *s, const char *at, const Search *search, Paths paths,
                                 int level) {
  const char *name = at;
  s->has_escape = 0;
  if (!(at = take_text(s, at))) return NULL;
  Span text = { name, (size_t)(at - name) };
  paths = paths_through(s, search->paths, text, paths, level);
  set_found(search, paths, (Span){ NULL, 0 });
  if (!(at = take(skip_blanks(at), ':'))) return NULL;
  const char *value = at;
  Paths ending = paths & search->paths->ending[level];
  int is_list = search->page && (ending & LIST);
  at = is_list ? take_items(s, at, search) : take_any(s, at, search, paths & ~ending, level + 1);
  if (at) set_found(search, ending, (Span){ value, (size_t)(at - value) });
  return at;
}

/* Take a member that no path goes through. */
static inline const char *take_member(Scan *s, const char *at) {
  if (!(at = take_text(s, at)) || !(at = take(skip_blanks(at), ':'))) return NULL;
  return take_any(s, at, NULL, 0, 0);
}

/* Take an object that is level names deep on the way to some paths. */
static const char *take_object(Scan *s, const char *at, const Search *search, Paths paths,
                               int level) {
  if (++s->depth > MAX_DEPTH || !(at = take(at, '{'))) return NULL;
  for (const char *next = *at == '}' ? NULL : at; next; next = take(at, ',')) {
    at = paths ? take_searched(s, next, search, paths, level) : take_member(s, next);
    if (!at) return NULL;
    at = skip_blanks(at);
  }
  s->depth--;
  return *at == '}' ? at + 1 : NULL;
}

static const char *take_array(Scan *s, const char *at) {
  if (++s->depth > MAX_DEPTH || !(at = take(at, '['))) return NULL;
  for (const char *next = *at == ']' ? NULL : at; next; next = take(at, ',')) {
    if (!(at = take_value(s, next, NULL, 0, 0))) return NULL;
    at = skip_blanks(at);
  }
  s->depth--;
  return *at == ']' ? at + 1 : NULL;
}

static const char *take_value(Scan *s, const char *at, const Search *search, Paths paths,
                              int level) {
  switch (*at) {
    case '"': return take_text(s, at);
    case '{': return take_object(s, at, search, paths, level);
    case '[': return take_array(s, at);
    case 't': return take_word(at, "true");
    case 'f': return take_word(at, "false");
    case 'n': return take_word(at, "null");
    default: return take_number(at);
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

static const char *take_item(Scan *s, const char *at, ScanPage *page, const ScanPaths *paths) {
  Span *spans = add_item(page, 1 + paths->count);
  if (!spans) return NULL;
  Search search = { .paths = paths, .found = spans + 1 };
  const char *after = take_object(s, at, &search, all_of(paths), 0);
  if (after) *spans = (Span){ at, (size_t)(after - at) };
  return after;
}

static const char *take_items(Scan *s, const char *at, const Search *search) {
  search->page->count = 0;
  if (++s->depth > MAX_DEPTH || !(at = take(at, '['))) return NULL;
  for (const char *next = *at == ']' ? NULL : at; next; next = take(at, ',')) {
    if (!(at = take_item(s, next, search->page, search->item_paths))) return NULL;
    at = skip_blanks(at);
  }
  s->depth--;
  return *at == ']' ? at + 1 : NULL;
}

/* -- whole texts ------------------------------------------------------------------------------- */

/* Take an object, and nothing but blanks around it. */
static int take_whole(const char *text, size_t len, const Search *search) {
  Scan scan = { .end = text + len };
  const char *at = take_object(&scan, skip_blanks(text), search, all_of(search->paths), 0);
  return at && skip_blanks(at) == scan.end;
}

int scan_object(const char *text, size_t len, const ScanPaths *paths, Span *found) {
  Search search = { .paths = paths, .found = found };
  memset(found, 0, paths->count * sizeof *found);
  return take_whole(text, len, &search);
}

int scan_page(const char *text, size_t len, const char *items, const char *next,
              const ScanPaths *paths, ScanPage *page) {
  ScanPaths outer = { 0 };
  scan_paths_add(&outer, &items, 1);
  scan_paths_add(&outer, &next, 1);
  Span found[] = { { NULL, 0 }, { NULL, 0 } };
  Search search = { .paths = &outer, .found = found, .page = page, .item_paths = paths };
  int is_page = take_whole(text, len, &search) && found[0].text;
  page->next = found[1];
  return is_page;
}

void scan_page_clear(ScanPage *page) {
  free(page->spans);
  *page = (ScanPage){ 0 };
}

/* -- what was found ---------------------------------------------------------------------------- */

int scan_member(Span object, const char **place, Span *name, Span *value) {
  Scan scan = { .end = object.text + object.len };
  const char *at = *place ? take(*place, ',') : take(object.text, '{');
  if (!at || *at == '}') return 0;
  name->text = at;
  if (!(at = take_text(&scan, at))) return 0;
  name->len = (size_t)(at - name->text);
  if (!(at = take(skip_blanks(at), ':'))) return 0;
  value->text = at;
  if (!(at = take_value(&scan, at, NULL, 0, 0))) return 0;
  value->len = (size_t)(at - value->text);
  *place = skip_blanks(at);
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
