/* transfer.c: send one request by libcurl, and receive its reply. Leaves retries, redirects and the
   meaning of a status to op.c. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform.h"
#include "text.h"
#include "transfer.h"
#include "url.h"

enum {
  NEAR = 4,                           /* concurrent transfers to a host near by. With 16, TLS
                                         handshakes take half of the time of 100 starts on
                                         loopback */
  FIRST = 16,                         /* concurrent transfers before the first reply */
  FAR = 128,                          /* the most concurrent transfers: to a host 50 ms away */
  MAX_STREAMS = 100,                  /* of an HTTP/2 connection; libcurl opens another beyond it */
  MAX_LINES = 64,                     /* header lines of a request; op.c allows fewer */
  USUAL_HEADERS = 1000,               /* bytes that hold the headers of most replies */
  MAX_HEADERS = 256 * 1024            /* bytes */
};

/* Seconds of round trip that justify one more concurrent transfer. */
static const double PAYS = 0.0004;

/* Seconds without an end after which a transfer is late: it takes no place among the concurrent
   ones. Else a few servers that hang would hold up the requests to all others. */
static const double LATE = 0.05;

/* The share of a slower reply's time that enters Pool.round_trip. */
static const double CREEP = 1.0 / 64;

typedef struct Pool Pool;

struct Transfer {
  Ring   place;                       /* in one of the pool's rings */
  Pool  *pool;
  Handle handle;                      /* its easy handle is NULL while the transfer waits */
  Sending sending;                    /* without its headers and authorization: see below */
  char  *authorization;               /* 1.4 KB that all transfers share; NULL: none */
  struct curl_slist *headers;         /* the first header; all others lie in one block */
  size_t headers_size;                /* bytes of that block */
  unsigned route;                     /* the route that the handle is set up for */
  double began;                       /* when the loop got the handle */
  Reply  reply;
  int    sendings;                    /* how many times libcurl was about to send */
  int    running;                     /* the loop has the handle */
  int    too_large;
  int    no_memory;                   /* for the reply */
  int    long_header;                 /* perhaps: libcurl reports a header line beyond its own limit
                                         as lack of memory, in the head of a reply */
  int    secret;
  TransferDone *done;
  void  *owner;
  char   message[CURL_ERROR_SIZE];
};

typedef struct Idle {
  CURL    *easy;
  unsigned route;                     /* the route that it is set up for; 0: none */
} Idle;

struct Pool {
  Attachment attachment;              /* to the loop: the pool lives as long */
  Loop    *loop;
  Ring     waiting, flying;           /* heads of the transfers, the oldest first */
  size_t   in_flight;
  Timer    late;                      /* runs while transfers wait: one in flight may be late */
  double   round_trip;                /* seconds until a reply begins: the quickest lately;
                                         0: not known */
  int      shared;                    /* the last reply came by HTTP/2 */
  CURLSH  *sessions;                  /* of TLS: a further connection to a host resumes one, which
                                         takes half of a handshake's time */
  Idle     idle[FAR];
  size_t   idle_count;
  unsigned routes;                    /* the last id of a route */
};

/* -- libcurl's callbacks ----------------------------------------------------------------------- */

/* Note why a Buf did not take more bytes. */
static void refuse_reply(Transfer *t, const Buf *buf, size_t more) {
  if (buf->limit && more > buf->limit - buf->len) t->too_large = 1;
  else t->no_memory = 1;
}

static size_t on_header(char *data, size_t size, size_t count, void *user) {
  Transfer *t = user;
  if (!t->reply.headers.lines.data) buf_reserve(&t->reply.headers.lines, USUAL_HEADERS);
  if (headers_add(&t->reply.headers, data, size * count) == 0) return size * count;
  refuse_reply(t, &t->reply.headers.lines, size * count);
  return 0;
}

/* Make room for the whole body if its length is known. A body that grows is copied and overwritten
   over and over, which for a page of 220 KB is a seventh of a list's instructions. */
static void reserve_body(Transfer *t) {
  curl_off_t len = -1;
  Buf *body = &t->reply.body;
  curl_easy_getinfo(t->handle.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
  if (len > 0 && len <= (curl_off_t)body->limit) buf_reserve(body, (size_t)len);
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  Transfer *t = user;
  if (!t->reply.body.data) reserve_body(t);
  if (buf_add(&t->reply.body, data, size * count) == 0) return size * count;
  refuse_reply(t, &t->reply.body, size * count);
  return 0;
}

/* Stop libcurl from sending a request twice: it does so by itself when a reused connection closes
   without an answer. Only GET and HEAD may be repeated. */
static int on_prereq(void *user, char *remote, char *local, int remote_port, int local_port) {
  Transfer *t = user;
  char *method = NULL;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  curl_easy_getinfo(t->handle.easy, CURLINFO_EFFECTIVE_METHOD, &method);
  int harmless = text_equal(method, "GET") || text_equal(method, "HEAD");
  return t->sendings++ && !harmless ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* -- setting up -------------------------------------------------------------------------------- */

/* Gather the header lines to send, without the token. Return how many; 0: there are too many.
   libcurl formats a line byte by byte, with 88 instructions for each: a token of 1.4 KB takes 40 %
   of all instructions of a GET. libcurl has no cheaper form: with CURLOPT_XOAUTH2_BEARER a GET
   takes 137,000 more. */
static size_t gather_lines(const Sending *sending, const char *lines[MAX_LINES]) {
  size_t count = 0;
  for (const char *const *line = sending->headers; line && *line; line++) {
    if (count == MAX_LINES - 2) return 0;
    lines[count++] = *line;
  }
  if (sending->body) lines[count++] = "Expect:";      /* no 100-continue round trip */
  if (!sending->body && !text_equal(sending->method, "GET"))
    lines[count++] = "Content-Type:";    /* libcurl invents one for a POST */
  return count;
}

/* Make libcurl's list of headers in one block, so that it can be wiped. The token is not copied: a
   transfer would take 2 KB instead of 0.5. Return 0: no memory. */
static int copy_headers(Transfer *t, const Sending *sending) {
  const char *lines[MAX_LINES];
  size_t count = gather_lines(sending, lines), size = (count + 1) * sizeof *t->headers;
  for (size_t i = 0; i < count; i++) size += strlen(lines[i]) + 1;
  if (count == 0 || !(t->headers = malloc(size))) return 0;
  t->headers_size = size;
  t->authorization = text_share(sending->authorization);
  t->headers[count] = (struct curl_slist){ t->authorization, NULL };
  char *text = (char *)(t->headers + count + 1);
  for (size_t i = 0; i < count; i++) {
    size_t len = strlen(lines[i]) + 1;
    int is_last = i + 1 == count && !t->authorization;
    struct curl_slist *next = is_last ? NULL : &t->headers[i + 1];
    t->headers[i] = (struct curl_slist){ memcpy(text, lines[i], len), next };
    text += len;
  }
  return 1;
}

static void wipe_headers(Transfer *t) {
  if (t->headers) explicit_bzero(t->headers, t->headers_size);
  free(t->headers);
  text_unshare(t->authorization);
}

static int has_body(const Sending *sending) {
  const char *method = sending->method;
  if (sending->body) return 1;
  return text_equal(method, "POST") || text_equal(method, "PUT") || text_equal(method, "PATCH");
}

static int set_method(CURL *easy, const Sending *sending) {
  const char *method = sending->method;
  if (has_body(sending)) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, sending->body ? sending->body : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sending->body_len);
  } else if (text_equal(method, "HEAD")) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    if (text_equal(method, "GET")) method = NULL;      /* libcurl needs no copy of it */
  }
  return route_text(easy, CURLOPT_CUSTOMREQUEST, method);
}

/* Return 1 if the request goes through a plain-http proxy, which needs the whole URL on the request
   line. libcurl must write that line. */
static int goes_by_plain_proxy(const Sending *sending) {
  const Route *route = sending->route;
  if (url_is_secure(sending->url)) return 0;
  if (route->proxy) return *route->proxy != '\0';
  if (route->is_loopback) return 0;
  return getenv("http_proxy") != NULL || getenv("all_proxy") != NULL || getenv("ALL_PROXY") != NULL;
}

/* Give libcurl the origin as URL and the rest as request target: libcurl would normalise a signed
   URL, and formats its 3 KB byte by byte. */
static int set_url(CURL *easy, const Sending *sending) {
  const char *target = url_target(sending->url);
  int whole = *target != '/' || goes_by_plain_proxy(sending);
  return route_text(easy, CURLOPT_URL, whole ? sending->url : sending->route->origin)
    && route_text(easy, CURLOPT_REQUEST_TARGET, whole ? NULL : target);
}

/* Turn cookies on if the route has them; the empty name means that no file is read. */
static int set_cookies(CURL *easy, const Route *route) {
  return !route->cookies || route_text(easy, CURLOPT_COOKIEFILE, "");
}

/* Set the options that all requests of a route share. Return 0 when memory is short. */
static int set_route(CURL *easy, const Route *route) {
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  /* With HTTP/2 one connection serves all requests: wait for it instead of opening more. */
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, url_is_secure(route->origin) ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_prereq);
  /* Refuse a reply at once if its Content-Length exceeds the limit. */
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)route->max_reply);
  return route_apply(easy, route)
    && set_cookies(easy, route)
    && route_text(easy, CURLOPT_ACCEPT_ENCODING, "");
}

/* Set the options of one request. Set every one of them, whatever the handle did before. Return 0
   when memory is short. */
static int set_request(Transfer *t) {
  CURL *easy = t->handle.easy;
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->message);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(t->sending.timeout * 1000));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
  return set_method(easy, &t->sending) && set_url(easy, &t->sending);
}

/* -- the pool ---------------------------------------------------------------------------------- */

/* Take an idle handle, if possible one set up for this route. NULL: no handle is idle. */
static CURL *take_idle(Pool *pool, const Route *route, int *is_set_up) {
  size_t i = pool->idle_count;
  while (i > 0 && pool->idle[i - 1].route != route->id) i--;
  *is_set_up = i > 0 && route->id != 0;
  if (i == 0) i = pool->idle_count;
  if (i == 0) return NULL;
  CURL *easy = pool->idle[i - 1].easy;
  pool->idle[i - 1] = pool->idle[--pool->idle_count];
  return easy;
}

static void forget_cookies(CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_COOKIEFILE, NULL);      /* curl_easy_reset would leak this list, */
  curl_easy_setopt(easy, CURLOPT_SHARE, NULL);           /* and would keep the share */
}

/* Return a handle that is set up for a route. NULL: no memory. */
static CURL *take_handle(Pool *pool, const Route *route) {
  int is_set_up;
  CURL *easy = take_idle(pool, route, &is_set_up);
  if (easy && is_set_up) return easy;
  if (easy) curl_easy_reset(easy);
  else easy = curl_easy_init();
  if (easy) curl_easy_setopt(easy, CURLOPT_SHARE, route->cookies ? route->cookies : pool->sessions);
  if (easy && set_route(easy, route)) return easy;
  if (easy) forget_cookies(easy);
  curl_easy_cleanup(easy);
  return NULL;
}

/* Give a handle back, to be kept or closed. */
static void give_handle(Pool *pool, CURL *easy, unsigned route) {
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);     /* both lie in the transfer's memory */
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
  if (route == 0) forget_cookies(easy);
  if (pool->idle_count < FAR) pool->idle[pool->idle_count++] = (Idle){ easy, route };
  else curl_easy_cleanup(easy);
}

/* Return how many concurrent transfers are useful in any case. */
static size_t least_at_once(const Pool *pool) {
  return pool->round_trip == 0 ? FIRST : NEAR;
}

/* Return how many concurrent transfers are useful while the loop only waits for their replies. */
static size_t most_at_once(const Pool *pool) {
  size_t least = least_at_once(pool), most = pool->shared ? MAX_STREAMS : FAR;
  double pays = pool->round_trip / PAYS;
  return pays < (double)least ? least : pays < (double)most ? (size_t)pays : most;
}

static void note_round_trip(Pool *pool, CURL *easy) {
  curl_off_t sent = 0, began = 0;
  long version = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
  curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &began);
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  double took = (double)(began - sent) / 1e6;
  if (took < pool->round_trip || pool->round_trip == 0) pool->round_trip = took;
  else pool->round_trip += (took - pool->round_trip) * CREEP;
  pool->shared = version == CURL_HTTP_VERSION_2_0;
}

/* Take a handle for a transfer and set it up. Return 0 when memory is short. */
static int equip(Transfer *t) {
  if (!t->handle.easy) t->handle.easy = take_handle(t->pool, t->sending.route);
  return t->handle.easy && set_request(t);
}

/* Start transfers that wait. Only now they get a handle, which takes 12 KB: when the polls of 4,000
   operations are due together, 900 transfers wait. */
static void launch(Pool *pool, size_t at_once) {
  while (pool->in_flight < at_once && !ring_is_empty(&pool->waiting)) {
    Transfer *t = container_of(pool->waiting.next, Transfer, place);
    ring_remove(&t->place);
    ring_add(&pool->flying, &t->place);
    pool->in_flight++;
    t->running = 1;
    t->began = loop_now(pool->loop);
    if (t->handle.easy || equip(t)) loop_handle_add(pool->loop, &t->handle);
    else loop_handle_lack(pool->loop, &t->handle);
  }
  if (ring_is_empty(&pool->waiting)) loop_timer_stop(pool->loop, &pool->late);
}

static void transfer_free(Transfer *t) {
  Pool *pool = t->pool;
  ring_remove(&t->place);
  if (t->running) {
    loop_handle_remove(pool->loop, &t->handle);
    pool->in_flight--;
  }
  loop_flight(pool->loop, -1);
  if (t->handle.easy) give_handle(pool, t->handle.easy, t->route);
  wipe_headers(t);
  if (t->secret) buf_wipe(&t->reply.body);
  reply_clear(&t->reply);
  free(t);
}

static void free_all(Ring *head) {
  while (!ring_is_empty(head)) transfer_free(container_of(head->next, Transfer, place));
}

static void pool_release(Attachment *attachment) {
  Pool *pool = container_of(attachment, Pool, attachment);
  loop_timer_stop(pool->loop, &pool->late);
  free_all(&pool->flying);
  free_all(&pool->waiting);
  while (pool->idle_count) curl_easy_cleanup(pool->idle[--pool->idle_count].easy);
  curl_share_cleanup(pool->sessions);
  free(pool);
}

/* Return how many transfers in flight are late. */
static size_t count_late(const Pool *pool) {
  size_t count = 0;
  double before = loop_now(pool->loop) - LATE;
  for (Ring *place = pool->flying.next; place != &pool->flying; place = place->next, count++)
    if (container_of(place, Transfer, place)->began > before) break;
  return count;
}

/* Do nothing: the loop calls pool_before_wait when a timer has fired. */
static void wake_up(Timer *timer) { (void)timer; }

/* Send more requests at once when replies are slow. */
static void pool_before_wait(Attachment *attachment) {
  Pool *pool = container_of(attachment, Pool, attachment);
  if (ring_is_empty(&pool->waiting)) return;
  size_t at_once = most_at_once(pool) + count_late(pool);
  launch(pool, at_once < FAR ? at_once : FAR);
  if (at_once < FAR && !ring_is_empty(&pool->waiting))
    loop_timer(pool->loop, &pool->late, loop_now(pool->loop) + LATE, wake_up);
}

/* Return the loop's pool, and create it at the first call. NULL: no memory. */
static Pool *pool_of(Loop *loop) {
  Attachment *attached = loop_attached(loop);
  if (attached) return container_of(attached, Pool, attachment);
  Pool *pool = calloc(1, sizeof *pool);
  if (!pool || !(pool->sessions = route_share(0))) {
    free(pool);
    return NULL;
  }
  pool->attachment = (Attachment){ pool_before_wait, pool_release };
  pool->loop = loop;
  ring_init(&pool->waiting);
  ring_init(&pool->flying);
  loop_attach(loop, &pool->attachment);
  return pool;
}

unsigned transfer_route(Loop *loop) {
  Pool *pool = pool_of(loop);
  return pool ? ++pool->routes : 0;
}

/* -- start and end ----------------------------------------------------------------------------- */

static const char *result_text(const Transfer *t, CURLcode result) {
  if (t->long_header) return "a header is larger than allowed, or there is not enough memory";
  if (t->too_large || result == CURLE_FILESIZE_EXCEEDED) return "the reply is larger than allowed";
  if (t->no_memory) return "there is not enough memory for the reply";
  if (result == CURLE_ABORTED_BY_CALLBACK) return "the connection closed without an answer";
  return t->message[0] ? t->message : curl_easy_strerror(result);
}

static void ended(Handle *handle, CURLcode result) {
  Transfer *t = container_of(handle, Transfer, handle);
  Pool *pool = t->pool;
  CURL *easy = handle->easy;
  long status = 0, request_size = 0;
  if (easy) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (easy) curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_size);
  t->reply.status = (int)status;
  if (result == CURLE_OK) note_round_trip(pool, easy);
  int is_head = status != 0 && t->reply.body.len == 0;
  t->long_header = result == CURLE_OUT_OF_MEMORY && is_head && !t->no_memory;
  if (t->no_memory) result = CURLE_OUT_OF_MEMORY;
  Outcome outcome = {
    .result = t->too_large || t->long_header ? CURLE_FILESIZE_EXCEEDED : result,
    .message = result_text(t, result),
    .sent = t->sendings > 0 || request_size > 0,
    .reply = &t->reply
  };
  t->done(t->owner, &outcome);      /* must not cancel this transfer */
  transfer_free(t);
  launch(pool, least_at_once(pool));
}

Transfer *transfer_start(Loop *loop, const Sending *sending, TransferDone *done, void *owner) {
  const Route *route = sending->route;
  Pool *pool = pool_of(loop);
  Transfer *t = pool ? calloc(1, sizeof *t) : NULL;
  if (!t) return NULL;
  t->pool = pool;
  t->handle.ended = ended;
  t->done = done;
  t->owner = owner;
  ring_add(&pool->waiting, &t->place);
  loop_flight(loop, +1);
  t->route = route->cookies ? 0 : route->id;      /* idle handles may outlive the cookies */
  t->sending = *sending;
  t->sending.headers = NULL;
  t->sending.authorization = NULL;
  t->secret = sending->secret;
  t->reply.headers.lines.limit = MAX_HEADERS;
  t->reply.body.limit = route->max_reply;
  int is_lasting = route->id != 0;      /* another route lives only as long as this call */
  if (!route->origin || !copy_headers(t, sending) || (!is_lasting && !equip(t))) {
    transfer_free(t);
    return NULL;
  }
  launch(pool, least_at_once(pool));
  return t;
}

void transfer_cancel(Transfer *transfer) {
  Pool *pool = transfer->pool;
  transfer_free(transfer);
  launch(pool, least_at_once(pool));
}
