/* transfer.c: one sending of one request by libcurl, and its reply. Decides nothing: no retry, no redirect, no meaning of a status. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"
#include "transfer.h"
#include "url.h"

enum {
  MAX_IN_FLIGHT = 32,                 /* connections to hosts near by are used best by 8 to 16; HTTP/2 shares one */
  MAX_IDLE_HANDLES = 32,
  MAX_HEADERS = 256 * 1024,
  MAX_REPLY = 16 * 1024 * 1024
};

static const char AUTHORITIES[] = "/etc/ssl/certs";      /* hashed: costs one small file a connection, not the whole bundle */

struct Transfer {
  Transfer *next, *prev;              /* in one of the pool's rings */
  Loop  *loop;
  CURL  *easy;
  struct curl_slist *headers;
  char  *origin;                      /* what libcurl is given as URL; the rest goes out byte for byte */
  Reply  reply;
  int    sendings;                    /* how often libcurl was about to send */
  int    running;                     /* added to the multi handle */
  int    too_large;
  int    secret;
  TransferDone *done;
  void  *owner;
  char   message[CURL_ERROR_SIZE];
};

struct Pool {
  Transfer waiting, flying;           /* heads of rings */
  size_t   in_flight;
  CURL    *idle[MAX_IDLE_HANDLES];
  size_t   idle_count;
};

/* -- rings -------------------------------------------------------------------------------------------------------------- */

static void ring_add(Transfer *head, Transfer *transfer) {
  transfer->prev = head->prev;
  transfer->next = head;
  transfer->prev->next = transfer;
  head->prev = transfer;
}

static void ring_remove(Transfer *transfer) {
  transfer->prev->next = transfer->next;
  transfer->next->prev = transfer->prev;
}

/* -- what libcurl calls ------------------------------------------------------------------------------------------------- */

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  Transfer *t = user;
  if (headers_add(&t->reply.headers, data, size * count) == 0) return size * count;
  t->too_large = 1;
  return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  Transfer *t = user;
  if (buf_add(&t->reply.body, data, size * count) == 0) return size * count;
  t->too_large = 1;
  return 0;
}

/* libcurl sends again by itself when a reused connection closes without an answer; a verb would be doubled. */
static int on_prereq(void *user, char *remote, char *local, int remote_port, int local_port) {
  Transfer *t = user;
  char *method = NULL;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_METHOD, &method);
  int harmless = text_equal(method, "GET") || text_equal(method, "HEAD");
  return t->sendings++ && !harmless ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)user, (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* -- setting up --------------------------------------------------------------------------------------------------------- */

static void wipe_headers(struct curl_slist *headers) {
  for (struct curl_slist *it = headers; it; it = it->next) explicit_bzero(it->data, strlen(it->data));
  curl_slist_free_all(headers);
}

static int add_header(Transfer *t, const char *line) {
  struct curl_slist *longer = curl_slist_append(t->headers, line);
  if (longer) t->headers = longer;
  return longer != NULL;
}

static int set_headers(Transfer *t, const Sending *sending) {
  int ok = 1;
  for (const char *const *line = sending->headers; ok && line && *line; line++) ok = add_header(t, *line);
  if (ok && sending->authorization) ok = add_header(t, sending->authorization);
  ok = ok && add_header(t, "Expect:");      /* no 100-continue round trip */
  if (ok && !sending->body && !text_equal(sending->method, "GET"))
    ok = add_header(t, "Content-Type:");    /* libcurl invents one for a POST */
  curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
  return ok;
}

static void set_method(Transfer *t, const Sending *sending) {
  if (sending->body || text_equal(sending->method, "POST") || text_equal(sending->method, "PUT") || text_equal(sending->method, "PATCH")) {
    curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, sending->body ? sending->body : "");
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sending->body_len);
  } else if (text_equal(sending->method, "HEAD")) {
    curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
  }
  curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, sending->method);
}

/* A plain-http proxy wants the whole URL on the request line: then libcurl must write it. */
static int goes_by_plain_proxy(const Sending *sending) {
  if (url_is_secure(sending->url)) return 0;
  if (sending->proxy) return *sending->proxy != '\0';
  if (url_is_loopback(sending->url)) return 0;
  return getenv("http_proxy") != NULL || getenv("all_proxy") != NULL || getenv("ALL_PROXY") != NULL;
}

/* The origin as URL and the rest as request target: libcurl formats a signed URL of 3 KB byte by byte, and would tidy it. */
static int set_url(Transfer *t, const Sending *sending) {
  const char *target = url_target(sending->url);
  curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
  if (*target != '/' || goes_by_plain_proxy(sending)) {
    curl_easy_setopt(t->easy, CURLOPT_URL, sending->url);
    return 1;
  }
  t->origin = url_origin(sending->url);
  if (!t->origin) return 0;
  curl_easy_setopt(t->easy, CURLOPT_URL, t->origin);
  curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, target);
  return 1;
}

static void set_authorities(CURL *easy, const char *ca_file) {
  struct stat info;
  if (ca_file) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);      /* with a directory set libcurl reads the file again for each connection */
  } else if (stat(AUTHORITIES, &info) == 0 && S_ISDIR(info.st_mode)) {
    curl_easy_setopt(easy, CURLOPT_CAPATH, AUTHORITIES);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
  }
}

static void set_limits(CURL *easy, const Sending *sending) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(sending->connect_timeout * 1000));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(sending->timeout * 1000));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);      /* else a hung name look-up blocks the whole loop */
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
}

static void set_callbacks(Transfer *t) {
  curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
  curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->message);
  curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_prereq);
  curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t);
  curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
}

static int set_up(Transfer *t, const Sending *sending) {
  CURL *easy = t->easy;
  t->reply.headers.lines.limit = MAX_HEADERS;
  t->reply.body.limit = sending->max_reply ? sending->max_reply : MAX_REPLY;
  t->secret = sending->secret;
  set_callbacks(t);
  set_limits(easy, sending);
  set_authorities(easy, sending->ca_file);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->reply.body.limit);      /* what is said to be larger is not begun */
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);      /* where HTTP/2 is spoken one connection serves all: no handshake each */
  curl_easy_setopt(easy, CURLOPT_USERAGENT, sending->user_agent);
  if (sending->proxy) curl_easy_setopt(easy, CURLOPT_PROXY, sending->proxy);
  else if (url_is_loopback(sending->url)) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  if (sending->cookies) {
    curl_easy_setopt(easy, CURLOPT_SHARE, sending->cookies);
    curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");      /* turns them on, reads no file */
  }
  set_method(t, sending);
  return set_url(t, sending) && set_headers(t, sending);
}

/* -- the pool ----------------------------------------------------------------------------------------------------------- */

static CURL *take_handle(Pool *pool) {
  return pool->idle_count ? pool->idle[--pool->idle_count] : curl_easy_init();
}

static void give_handle(Pool *pool, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_COOKIEFILE, NULL);      /* a reset forgets that list without releasing it, */
  curl_easy_setopt(easy, CURLOPT_SHARE, NULL);           /* and leaves this */
  if (pool->idle_count == MAX_IDLE_HANDLES) {
    curl_easy_cleanup(easy);
    return;
  }
  curl_easy_reset(easy);
  pool->idle[pool->idle_count++] = easy;
}

static void launch(Loop *loop) {
  Pool *pool = loop_pool(loop);
  while (pool->in_flight < MAX_IN_FLIGHT && pool->waiting.next != &pool->waiting) {
    Transfer *t = pool->waiting.next;
    ring_remove(t);
    ring_add(&pool->flying, t);
    pool->in_flight++;
    t->running = 1;
    curl_multi_add_handle(loop_curl(loop), t->easy);
  }
}

static void transfer_free(Transfer *t) {
  Pool *pool = loop_pool(t->loop);
  ring_remove(t);
  if (t->running) {
    curl_multi_remove_handle(loop_curl(t->loop), t->easy);
    pool->in_flight--;
  }
  loop_flight(t->loop, -1);
  if (t->easy) give_handle(pool, t->easy);
  wipe_headers(t->headers);
  if (t->secret) buf_wipe(&t->reply.body);
  reply_clear(&t->reply);
  free(t->origin);
  free(t);
}

Transfer *transfer_start(Loop *loop, const Sending *sending, TransferDone *done, void *owner) {
  Transfer *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->loop = loop;
  t->done = done;
  t->owner = owner;
  ring_add(&loop_pool(loop)->waiting, t);
  loop_flight(loop, +1);
  t->easy = take_handle(loop_pool(loop));
  if (!t->easy || !set_up(t, sending)) {
    transfer_free(t);
    return NULL;
  }
  launch(loop);
  return t;
}

void transfer_cancel(Transfer *transfer) {
  Loop *loop = transfer->loop;
  transfer_free(transfer);
  launch(loop);
}

static const char *in_words(const Transfer *t, CURLcode result) {
  if (t->too_large || result == CURLE_FILESIZE_EXCEEDED) return "the reply is larger than allowed";
  if (result == CURLE_ABORTED_BY_CALLBACK) return "the connection closed without an answer";
  return t->message[0] ? t->message : curl_easy_strerror(result);
}

void pool_done(Loop *loop, CURL *easy, CURLcode result) {
  Transfer *t = NULL;
  long status = 0, asked = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &asked);
  t->reply.status = (int)status;
  if (result == CURLE_OUT_OF_MEMORY && t->sendings) t->too_large = 1;      /* so says libcurl of a header line beyond its bounds */
  Outcome outcome = { t->too_large ? CURLE_FILESIZE_EXCEEDED : result, in_words(t, result), t->sendings > 0 || asked > 0, &t->reply };
  t->done(t->owner, &outcome);      /* must not cancel this transfer */
  transfer_free(t);
  launch(loop);
}

Pool *pool_new(void) {
  Pool *pool = calloc(1, sizeof *pool);
  if (!pool) return NULL;
  pool->waiting.next = pool->waiting.prev = &pool->waiting;
  pool->flying.next = pool->flying.prev = &pool->flying;
  return pool;
}

void pool_free(Pool *pool) {
  if (!pool) return;
  while (pool->flying.next != &pool->flying) transfer_free(pool->flying.next);
  while (pool->waiting.next != &pool->waiting) transfer_free(pool->waiting.next);
  while (pool->idle_count) curl_easy_cleanup(pool->idle[--pool->idle_count]);
  free(pool);
}
