/* scan.h: (pure) check a JSON text in one pass and find some of its members, without a tree of its
   values. It takes the JSON of RFC 8259, in well-formed UTF-8, nested 1,000 deep at most.
   A text to scan ends in a NUL that its length does not count. */
#ifndef SCAN_H
#define SCAN_H

#include <stddef.h>
#include <stdint.h>

/* A part of a scanned text: the JSON of a value. text is NULL: there is no such value. */
typedef struct Span {
  const char *text;
  size_t len;
} Span;

enum { SCAN_PATHS = 16, SCAN_NAMES = 4, SCAN_LONGEST_NAME = 63 };

/* The way to a member: names from the outermost to the innermost. */
typedef struct ScanPath {
  const char *names[SCAN_NAMES];            /* borrowed */
  unsigned char lengths[SCAN_NAMES];
  uint32_t alike[SCAN_NAMES];               /* a bit for each path with the same names so far */
} ScanPath;

/* The members to look for. It starts as zeros. */
typedef struct ScanPaths {
  size_t   count;
  ScanPath paths[SCAN_PATHS];
  uint64_t likely[SCAN_NAMES];              /* at each level the names, a bit for each */
  uint32_t ending[SCAN_NAMES];              /* at each level the paths that end there */
} ScanPaths;

/* Add a path: 1 to SCAN_NAMES names, none longer than SCAN_LONGEST_NAME. */
void scan_paths_add(ScanPaths *paths, const char *const *names, size_t count);

/* Find members of an object. found has a span for each path. Of members with the same name the last
   counts, as jansson and lua-cjson have it. Return 1; 0: the text is not an object of JSON. */
int scan_object(const char *text, size_t len, const ScanPaths *paths, Span *found);

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
              const ScanPaths *paths, ScanPage *page);
void scan_page_clear(ScanPage *page);

/* The following functions take spans that a scan has found. */

/* Return the next member of an object. *place is NULL before the first one. 0: there is none. */
int scan_member(Span object, const char **place, Span *name, Span *value);

/* Tell whether a span is a text. Decode a text: write at most span.len bytes and return how many.
   The text may hold NULs. */
int    scan_is_text(Span span);
size_t scan_decode(Span text, char *out);

#endif
