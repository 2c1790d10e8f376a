/* fold.h: (pure) keep once what many texts share. Each signed status URL of a service holds its
   signer's certificate as a parameter of 2 KB: 10,000 pending operations would hold 20 MB of it. */
#ifndef FOLD_H
#define FOLD_H

#include <stddef.h>

typedef struct Part Part;

/* The parts that texts share. Parts of zeros have none. A part lives as long as a text lacks it. */
typedef struct Parts {
  Part  *first;
  size_t count;
} Parts;

/* What was taken out of a text. A Fold of zeros belongs to a whole text. */
typedef struct Fold {
  Part  *part;      /* NULL: nothing */
  size_t at;        /* where it belongs */
} Fold;

/* Take the longest parameter of a URL's query out of *url, which is allocated again. Leave a URL
   alone that was folded before, that has no long parameter, or when memory is short. */
void  fold_url(Parts *parts, Fold *taken, char **url);

/* Put the parameter back. Return 0, and leave the URL as it is, when memory is short. */
int   fold_open(Parts *parts, Fold *taken, char **url);

/* Return a copy of the whole URL. The caller frees it. NULL: no memory. */
char *fold_whole(const Fold *taken, const char *url);

/* Forget what was taken out of a URL that is no longer needed. */
void  fold_clear(Parts *parts, Fold *taken);

#endif
