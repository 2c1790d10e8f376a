/* scan.h: (pure) check a JSON text in one pass and find some of its members, without a tree of its
   values. It takes the JSON of RFC 8259, in well-formed UTF-8, nested 1,000 deep at most.
   A text to scan ends in a NUL that its length does not count. */
#ifndef SCAN_H
#define SCAN_H

#include <stddef.h>

/* A part of a scanned text: the JSON of a value. text is NULL: there is no such value. */
typedef struct Span {
  const char *text;
  size_t len;
} Span;

enum { SCAN_PATHS = 16, SCAN_NAMES = 4, SCAN_LONGEST_NAME = 63 };

/* The names that lead to a member, from the outermost to the innermost, then NULL. */
typedef struct ScanPath {
  const char *names[SCAN_NAMES + 1];
} ScanPath;

/* Find members of an object. found has a span for each path. Of members with the same name the last
   counts, as jansson and lua-cjson have it. Return 1; 0: the text is not an object of JSON. */
int scan_object(const char *text, size_t len, const ScanPath *paths, size_t count, Span *found);

/* A page of a list of objects: {"value": [{...}, ...], "nextLink": "..."}. */
typedef struct ScanPage {
  size_t count;               /* of the items */
  Span  *spans;               /* of each item: itself, then a span for each path */
  size_t capacity;
  Span   next;                /* the member that leads to the next page */
} ScanPage;

/* Find the items of a page and members of each. The page starts as zeros. Return 1; 0: it is not a
   page, or memory is short. */
int scan_page(const char *text, size_t len, const char *items, const char *next,
              const ScanPath *paths, size_t count, ScanPage *page);
void scan_page_clear(ScanPage *page);

/* The following functions take spans that a scan has found. */

/* Return the next member of an object. *place is NULL before the first one. 0: there is none. */
int scan_member(Span object, const char **place, Span *name, Span *value);

/* Tell whether a span is a text. Decode a text: write at most span.len bytes and return how many.
   The text may hold NULs. */
int    scan_is_text(Span span);
size_t scan_decode(Span text, char *out);

#endif
