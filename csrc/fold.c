/* fold.c: (pure) keep once what many texts share. Leaves to op.c when a URL must be whole. */

#include <stdlib.h>
#include <string.h>

#include "fold.h"
#include "text.h"

enum {
  LEAST = 512,      /* bytes of a part: a signature, which no two URLs share, has 342 */
  MOST = 16         /* parts: URLs that share nothing must not make a long list */
};

struct Part {
  Part  *next;
  size_t refs, len;
  char   text[];
};

/* -- parts ------------------------------------------------------------------------------------- */

static Part *part_new(const char *text, size_t len) {
  Part *part = malloc(sizeof *part + len);
  if (!part) return NULL;
  *part = (Part){ .len = len };
  memcpy(part->text, text, len);
  return part;
}

/* Find a part, or add it. The caller holds a reference to it. NULL: no memory, or too many parts
   already. */
static Part *part_take(Parts *parts, const char *text, size_t len) {
  Part *part = parts->first;
  while (part && (part->len != len || memcmp(part->text, text, len) != 0)) part = part->next;
  if (!part) {
    part = parts->count < MOST ? part_new(text, len) : NULL;
    if (!part) return NULL;
    part->next = parts->first;
    parts->first = part;
    parts->count++;
  }
  part->refs++;
  return part;
}

static void part_release(Parts *parts, Part *part) {
  if (--part->refs > 0) return;
  Part **place = &parts->first;
  while (*place != part) place = &(*place)->next;
  *place = part->next;
  parts->count--;
  free(part);
}

/* -- folding ----------------------------------------------------------------------------------- */

/* Return the longest parameter of the URL's query. *len is 0 when there is none. */
static const char *longest_parameter(const char *url, size_t *len) {
  const char *longest = url, *end = url + strcspn(url, "?");
  *len = 0;
  while (*end) {
    const char *begin = end + 1;
    size_t own = strcspn(begin, "&");
    end = begin + own;
    if (own <= *len) continue;
    longest = begin;
    *len = own;
  }
  return longest;
}

void fold_url(Parts *parts, Fold *taken, char **url) {
  size_t len;
  if (taken->part) return;
  const char *parameter = longest_parameter(*url, &len);
  if (len < LEAST) return;
  size_t at = (size_t)(parameter - *url);
  char *rest = text_join(*url, at, parameter + len);
  Part *part = rest ? part_take(parts, parameter, len) : NULL;
  if (!part) {
    free(rest);
    return;
  }
  free(*url);
  *url = rest;
  *taken = (Fold){ part, at };
}

char *fold_whole(const Fold *taken, const char *url) {
  const Part *part = taken->part;
  if (!part) return strdup(url);
  size_t rest_size = strlen(url + taken->at) + 1;
  char *whole = malloc(taken->at + part->len + rest_size);
  if (!whole) return NULL;
  memcpy(whole, url, taken->at);
  memcpy(whole + taken->at, part->text, part->len);
  memcpy(whole + taken->at + part->len, url + taken->at, rest_size);
  return whole;
}

int fold_open(Parts *parts, Fold *taken, char **url) {
  if (!taken->part) return 1;
  char *whole = fold_whole(taken, *url);
  if (!whole) return 0;
  free(*url);
  *url = whole;
  fold_clear(parts, taken);
  return 1;
}

void fold_clear(Parts *parts, Fold *taken) {
  if (taken->part) part_release(parts, taken->part);
  *taken = (Fold){ .part = NULL };
}
