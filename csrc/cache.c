/* cache.c: keep the tokens of slow sources on disk between runs, under $XDG_CACHE_HOME/azureml/.
   The directory and the files are private; links are not followed. Each write replaces the whole
   file atomically: when two processes write at once, the last file wins, and tokens that only the
   first process had are fetched again. file.c reads and writes the files. */

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "file.h"
#include "text.h"

static const char BEGINNING[] = "token-", ENDING[] = ".json";
/* Seconds. A token that was saved this far in the future means that the clock has been set back, so
   that its expiry cannot be trusted. */
static const double SKEW = 60;

enum { MAX_TEXT = 1024 * 1024, MAX_TOKENS = 32, VERSION = 1 };

struct Cache {
  char *directory, *name;
};

/* -- place ------------------------------------------------------------------------------------- */

static int is_off(void) {
  static const char *const words[] = { "off", "no", "false", "0", NULL };
  const char *value = text_variable("AZUREML_TOKEN_CACHE");
  for (size_t i = 0; value && words[i]; i++)
    if (text_equal(value, words[i])) return 1;
  return 0;
}

/* Return the path of the directory, or NULL if the cache is off or there is no home. Ignore a
   relative path in XDG_CACHE_HOME, as its specification demands. The caller frees. */
static char *directory(void) {
  const char *cache = text_variable("XDG_CACHE_HOME"), *home = text_variable("HOME");
  if (is_off()) return NULL;
  if (cache && *cache == '/') return text_format("%s/azureml", cache);
  return home && *home == '/' ? text_format("%s/.cache/azureml", home) : NULL;
}

/* Return half a SHA-256 digest of some bytes in hexadecimal; the caller frees. */
static char *digest(const void *data, size_t len) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  char text[33];
  if (!EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL)) return NULL;
  for (size_t i = 0; i < 16; i++) snprintf(text + 2 * i, 3, "%02x", hash[i]);
  return text_copy(text);
}

static char *name_of(const char *const *names) {
  Buf all = { 0 };
  for (; *names; names++) buf_add(&all, *names, strlen(*names) + 1);
  char *hash = all.failed ? NULL : digest(all.data, all.len);
  char *name = hash ? text_format("%s%s%s", BEGINNING, hash, ENDING) : NULL;
  buf_clear(&all);
  free(hash);
  return name;
}

Cache *cache_new(const char *const *names) {
  char *path = directory();
  Cache *cache = path ? calloc(1, sizeof *cache) : NULL;
  if (!cache) {
    free(path);
    return NULL;
  }
  cache->directory = path;
  cache->name = name_of(names);
  if (cache->name) return cache;
  cache_free(cache);
  return NULL;
}

void cache_free(Cache *cache) {
  if (!cache) return;
  free(cache->directory);
  free(cache->name);
  free(cache);
}

char *cache_stamp(const char *path) {
  Buf text = { 0 };
  const char *fault = file_read(path, MAX_TEXT, &text);
  char *stamp = fault ? text_copy("") : digest(text.data ? text.data : "", text.len);
  buf_clear(&text);
  return stamp;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* Return what the file holds, or NULL if the file is not usable. json_decref frees. */
static json_t *load(const Cache *cache) {
  const char *why;
  Buf text = { 0 };
  int fd = cache ? file_open_directory(cache->directory, &why) : -1;
  if (fd < 0) return NULL;
  const char *fault = file_read_private(fd, cache->name, MAX_TEXT, &text);
  close(fd);
  json_t *kept = fault ? NULL : json_loadb(text.data ? text.data : "", text.len, 0, NULL);
  buf_wipe(&text);
  if (json_integer_value(json_object_get(kept, "version")) == VERSION) return kept;
  json_decref(kept);
  return NULL;
}

static const char *text_in(const json_t *object, const char *name) {
  return json_string_value(json_object_get(object, name));
}

static double number_in(const json_t *object, const char *name) {
  return json_number_value(json_object_get(object, name));
}

static int has_stamp(const json_t *kept, const char *stamp) {
  const char *known = text_in(kept, "stamp");
  return !stamp || (known && strcmp(known, stamp) == 0);
}

/* Return the index of the token for a scope, or the length of the list. */
static size_t index_of(const json_t *tokens, const char *scope) {
  size_t i = 0;
  for (; i < json_array_size(tokens); i++) {
    const char *known = text_in(json_array_get(tokens, i), "scope");
    if (known && strcmp(known, scope) == 0) break;
  }
  return i;
}

/* Fill grant and return 1 if a saved token is valid and differs from stale. */
static int is_usable(const json_t *token, const char *stale, Grant *grant) {
  double now = (double)time(NULL);
  grant->token = text_in(token, "access_token");
  grant->expires_in = number_in(token, "expires_on") - now;
  grant->refresh_in = number_in(token, "renew_on") - now;
  if (!text_is_token(grant->token)) return 0;
  if (grant->refresh_in <= 0 || grant->expires_in <= grant->refresh_in) return 0;
  if (number_in(token, "kept_on") > now + SKEW) return 0;
  return !stale || strcmp(stale, grant->token) != 0;
}

int cache_serve(const Cache *cache, const char *stamp, Fetch *fetch) {
  Grant grant;
  if (fetch->claims) return 0;      /* saved tokens have no claims */
  json_t *kept = load(cache), *tokens = json_object_get(kept, "tokens");
  const json_t *token = json_array_get(tokens, index_of(tokens, fetch->scope));
  int found = has_stamp(kept, stamp) && is_usable(token, fetch->stale, &grant);
  if (found) fetch->done(fetch, &grant, NULL);
  json_decref(kept);
  return found;
}

char *cache_text(const Cache *cache, const char *name) {
  json_t *kept = load(cache);
  const char *found = text_in(kept, name);
  char *text = text_is_token(found) ? text_copy(found) : NULL;
  json_decref(kept);
  return text;
}

/* -- writing ----------------------------------------------------------------------------------- */

static const char *save(const Cache *cache, const json_t *kept) {
  const char *why = NULL;
  if (file_make_directories(cache->directory) != 0) return strerror(errno);
  int fd = file_open_directory(cache->directory, &why);
  if (fd < 0) return why;
  if (fchmod(fd, 0700) != 0) why = strerror(errno);
  close(fd);
  char *text = why ? NULL : json_dumps(kept, JSON_COMPACT);
  char *path = text_format("%s/%s", cache->directory, cache->name);
  if (!why && (!text || !path)) why = "there is not enough memory";
  if (!why && file_write(path, text, strlen(text)) != 0) why = strerror(errno);
  text_wipe(text);
  free(path);
  return why;
}

/* Remove the expired tokens, and the oldest if the list is still full. */
static void drop_expired(json_t *tokens) {
  double now = (double)time(NULL);
  for (size_t i = json_array_size(tokens); i > 0; i--) {
    const json_t *token = json_array_get(tokens, i - 1);
    if (number_in(token, "expires_on") <= now) json_array_remove(tokens, i - 1);
  }
  if (json_array_size(tokens) >= MAX_TOKENS) json_array_remove(tokens, 0);
}

static void put_token(json_t *kept, const char *scope, const Grant *grant) {
  double now = (double)time(NULL);
  json_t *tokens = json_object_get(kept, "tokens");
  json_t *token = json_pack("{s:s, s:s, s:f, s:f, s:f}", "scope", scope,
                            "access_token", grant->token, "kept_on", now,
                            "renew_on", now + grant_refresh_in(grant),
                            "expires_on", now + grant->expires_in);
  if (!json_is_array(tokens)) {
    tokens = json_array();
    json_object_set_new(kept, "tokens", tokens);
  }
  size_t index = index_of(tokens, scope);
  if (index < json_array_size(tokens)) json_array_remove(tokens, index);
  drop_expired(tokens);
  if (token) json_array_append_new(tokens, token);
}

static void put_text(json_t *kept, const char *name, const char *text) {
  if (text) json_object_set_new(kept, name, json_string(text));
}

const char *cache_keep(const Cache *cache, const CacheNews *news) {
  if (!cache && is_off()) return "the token cache is switched off by AZUREML_TOKEN_CACHE";
  if (!cache) return "there is no home directory for it";
  json_t *kept = load(cache);
  if (!kept || !has_stamp(kept, news->stamp)) {
    json_decref(kept);
    kept = json_pack("{s:i}", "version", VERSION);
  }
  put_text(kept, "stamp", news->stamp);
  put_text(kept, "refresh_token", news->refresh_token);
  put_text(kept, "tenant_id", news->tenant_id);
  put_text(kept, "client_id", news->client_id);
  if (news->grant && news->grant->expires_in > 0) put_token(kept, news->scope, news->grant);
  const char *why = kept ? save(cache, kept) : "there is not enough memory";
  json_decref(kept);
  return why;
}

/* -- forgetting -------------------------------------------------------------------------------- */

void cache_forget(const Cache *cache) {
  const char *why;
  int fd = cache ? file_open_directory(cache->directory, &why) : -1;
  if (fd < 0) return;
  unlinkat(fd, cache->name, 0);
  close(fd);
}

static int is_cache_file(const char *name) {
  return strncmp(name, BEGINNING, sizeof BEGINNING - 1) == 0;
}

int cache_clear(const char **why) {
  int count = 0;
  char *path = directory();
  int fd = path ? file_open_directory(path, why) : -1;
  int is_absent = !path || (fd < 0 && (errno == ENOENT || errno == ENOTDIR));
  DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
  free(path);
  if (!entries) return is_absent ? 0 : -1;
  for (struct dirent *entry; (entry = readdir(entries)); )
    if (is_cache_file(entry->d_name) && unlinkat(fd, entry->d_name, 0) == 0) count++;
  closedir(entries);
  return count;
}
