/* cache.h: keep the tokens of slow sources on disk between runs, in a private file for each source.
   If a file cannot be read or is accessible to other users, the cache is empty; if it cannot be
   written, the next run fetches the tokens again. */
#ifndef CACHE_H
#define CACHE_H

#include "token.h"

typedef struct Cache Cache;

/* Open the cache file of a source. names identify the source and end with NULL; "" stands for a
   name that is not set. NULL: the cache is off (AZUREML_TOKEN_CACHE=off) or there is no home
   directory. All functions below treat NULL as an empty cache. */
Cache *cache_new(const char *const *names);
void   cache_free(Cache *cache);

typedef struct CacheNews {      /* borrowed during the call */
  const char  *scope;
  const Grant *grant;           /* the token for scope; NULL: no token */
  /* Of what the token was made from: a different stamp drops all that is saved. NULL: no check. */
  const char  *stamp;
  const char  *refresh_token;   /* NULL: keep the saved refresh token */
  const char  *tenant_id, *client_id;      /* of the refresh token */
} CacheNews;

/* End a fetch with a saved token and return 1. Return 0 if there is no token for the fetch's scope,
   if it is about to expire, if it holds blanks or control characters, or if it is the token that
   the fetch replaces. */
int cache_serve(const Cache *cache, const char *stamp, Fetch *fetch);
/* Save a token, a refresh token or both. NULL, or why that fails. */
const char *cache_keep(const Cache *cache, const CacheNews *news);
/* Return a saved text, "refresh_token" or "tenant_id", or NULL if there is none or it holds blanks
   or control characters. The caller wipes it. */
char *cache_text(const Cache *cache, const char *name);
/* Delete the cache file of this source. */
void  cache_forget(const Cache *cache);
/* Delete all cache files. Return how many there were, or -1 and why. */
int   cache_clear(const char **why);

/* Return a stamp of a file's present text, or "" if the file cannot be read. The caller frees. */
char *cache_stamp(const char *path);

#endif
