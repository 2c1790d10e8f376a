/* cache.h: tokens of slow sources on disk, from one run to the next: a private file for each of those who ask. What cannot be read, or is
   not ours alone, is as if it were not there; what cannot be written is fetched again by the next run. */
#ifndef CACHE_H
#define CACHE_H

#include "token.h"

typedef struct Cache Cache;

/* names: what tells one who asks from all others, ended by NULL; an entry of "" stands for one that was not given. NULL: the cache is
   switched off (AZUREML_TOKEN_CACHE=off), or there is no home to keep it in. All below take NULL for a cache that is empty. */
Cache *cache_new(const char *const *names);
void   cache_free(Cache *cache);

typedef struct CacheNews {      /* borrowed */
  const char  *scope;
  const Grant *grant;           /* the token for scope; NULL: none */
  const char  *stamp;           /* of what it was made from; all that was kept from anything else goes. NULL: nothing to tell apart */
  const char  *refresh_token;   /* NULL: what is kept stays */
  const char  *tenant_id, *client_id;      /* whose refresh token it is */
} CacheNews;

/* Ends fetch with a token that is kept for its scope, and returns 1; or 0: there is none, it is about to end, or it is the very one that
   fetch is to replace. */
int cache_serve(const Cache *cache, const char *stamp, Fetch *fetch);
const char *cache_keep(const Cache *cache, const CacheNews *news);      /* NULL, or why it cannot */
char *cache_text(const Cache *cache, const char *name);                 /* "refresh_token", "tenant_id"; NULL: none. To be wiped */
void  cache_forget(const Cache *cache);                                 /* its file */
int   cache_clear(const char **why);                                    /* all files: how many there were; -1 and why not */

char *cache_stamp(const char *path);      /* of a file's text as it is now; of none it is "". The caller frees */

#endif
