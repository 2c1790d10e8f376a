/* stream.c: open a connection as a websocket, and move its bytes. libcurl connects, also through
   proxies and by TLS; handshake.c knows the words; what the frames mean is the owner's business.

     phase:  TOKEN --token--> CONNECT --connected--> HANDSHAKE --101--> OPEN ----> OVER
               ^                                         |                          ^
               +---------- another token ----------------+--other status--> REFUSAL-+

   `fail` is the only end. A stream that its owner has left is LEAVING until the server closes it,
   and frees itself. */

#include <stdlib.h>
#include <string.h>

#include "challenge.h"
#include "client.h"
#include "handshake.h"
#include "request.h"
#include "text.h"
#include "transport.h"
#include "url.h"

enum {
  PIECE = 16 * 1024,
  HIGH_WATER = 256 * 1024,           /* bytes that are taken in ahead of the owner */
  MAX_UNSENT = 4 * 1024 * 1024,
  MAX_REFUSAL = 64 * 1024            /* bytes of a refusal's body that are read */
};

static const double REFUSAL_TIME = 2;      /* seconds that the body of a refusal may take */
static const double LEAVE_TIME = 1;        /* seconds that the server has to close it */

typedef enum Phase {
  PHASE_TOKEN, PHASE_CONNECT, PHASE_HANDSHAKE, PHASE_REFUSAL, PHASE_OPEN, PHASE_LEAVING,
  PHASE_OVER
} Phase;

struct Stream {
  Loop   *loop;
  Client *client;
  Phase   phase;
  char   *url, *origin, **headers;
  double  timeout;
  char    key[HANDSHAKE_KEY + 1];
  Handle  handle;             /* easy NULL: there is no connection */
  Watch   watch;
  unsigned events;            /* that are watched for; 0: the descriptor is not watched */
  Timer   limit;              /* the end of the time to open */
  Timer   again;              /* looks again without an event */
  TokenWait token;
  Buf     came, out;
  size_t  sent;               /* bytes of out that have left */
  Reply   reply;
  Error   error;
  Notice  notice;
  double  began;
  const char *why;            /* the error with which the server's bytes ended; NULL: none */
  unsigned was_open : 1;
  unsigned is_drained : 1;    /* the last read found nothing more */
  unsigned has_ended : 1;     /* the server will send nothing more */
  unsigned in_flight : 1;     /* see loop_flight */
  unsigned token_renewed : 1;
  char    message[CURL_ERROR_SIZE];
};

static void proceed(Stream *s);

/* -- the end ----------------------------------------------------------------------------------- */

static void set_flight(Stream *s, unsigned on) {
  if (s->in_flight != on) loop_flight(s->loop, on ? +1 : -1);
  s->in_flight = on;
}

/* Close the connection. What came stays. */
static void disconnect(Stream *s) {
  loop_timer_stop(s->loop, &s->limit);
  loop_timer_stop(s->loop, &s->again);
  set_flight(s, 0);
  buf_wipe(&s->out);      /* it may hold a token */
  s->sent = 0;
  if (!s->handle.easy) return;
  if (s->events) loop_watch_remove(s->loop, &s->watch);
  s->events = 0;
  loop_handle_remove(s->loop, &s->handle);
  curl_easy_cleanup(s->handle.easy);
  s->handle.easy = NULL;
}

/* Hide the secrets in the error: a server may echo what it got. */
static void mask_error(Stream *s) {
  Secrets secrets = { .count = 0 };
  secrets_add_headers(&secrets, (const char *const *)s->headers);
  client_secrets(s->client, &secrets);
  error_mask(&s->error, &secrets);
  secrets_clear(&secrets);
}

/* Write the line of this opening into the trace: nothing of what the server said. */
static void trace_opening(const Stream *s) {
  TraceLine line = {
    .event = "websocket", .method = "GET", .url = s->url, .attempt = 1,
    .status = s->reply.status, .seconds = loop_now(s->loop) - s->began,
    .error = s->reply.status ? NULL : s->error.code
  };
  trace_write(loop_tracer(s->loop), &line);
}

/* End with s->error. */
static void fail(Stream *s) {
  disconnect(s);
  token_forget(&s->token);
  if (!s->was_open) trace_opening(s);
  mask_error(s);
  s->phase = PHASE_OVER;
  loop_notify(s->loop, &s->notice);
}

static void fail_for_memory(Stream *s) {
  error_set(&s->error, ERROR_TRANSPORT, "OutOfMemory",
            "there is not enough memory for a websocket");
  fail(s);
}

static const char *curl_words(const Stream *s, CURLcode result) {
  return s->message[0] ? s->message : curl_easy_strerror(result);
}

static void lose(Stream *s, const char *why) {
  error_set(&s->error, ERROR_TRANSPORT, "ConnectionLost", "the connection to %s ended: %s",
            s->origin, why);
  fail(s);
}

/* -- the answer -------------------------------------------------------------------------------- */

/* After a 401, ask once for another token. */
static int another_token_may_help(Stream *s) {
  char *claims;
  if (s->reply.status != 401 || !s->client->credential || s->token_renewed) return 0;
  ChallengeKind kind = challenge_read(&s->reply.headers, &claims);
  s->token_renewed = 1;
  if (kind == CHALLENGE_TOKEN)
    token_refused(s->client->credential, s->client->scope, &s->token);
  if (kind == CHALLENGE_CLAIMS)
    token_challenged(s->client->credential, s->client->scope, &s->token, claims);
  free(claims);
  return kind != CHALLENGE_UNREADABLE;
}

/* The server has answered with another status than 101. */
static void refused(Stream *s) {
  const Credential *credential = s->client->credential;
  if (another_token_may_help(s)) {
    disconnect(s);
    proceed(s);
    return;
  }
  if (s->reply.status >= 400) {
    error_from_reply(&s->error, &s->reply);
    if (credential) credential = credential_served(credential);
    if (credential && s->reply.status == 401) s->error.credential = credential_kind(credential);
  } else {
    const char *type = headers_get(&s->reply.headers, "Content-Type");
    error_set(&s->error, ERROR_PROTOCOL, "NoWebsocket",
              "%s answered the request for a websocket with HTTP %d (%s): a page or a proxy stands "
              "in place of the server", s->origin, s->reply.status, type ? type : "no type");
    s->error.status = s->reply.status;
  }
  fail(s);
}

static void refusal_is_late(Timer *timer) { refused(container_of(timer, Stream, limit)); }

static void take_refusal(Stream *s) {
  int ends = s->has_ended || s->came.len >= MAX_REFUSAL;
  s->reply.body.limit = MAX_REFUSAL;
  if (handshake_body(&s->came, ends, &s->reply)) refused(s);
}

static void agree(Stream *s) {
  s->phase = PHASE_OPEN;
  s->was_open = 1;
  loop_timer_stop(s->loop, &s->limit);
  set_flight(s, 0);
  buf_wipe(&s->out);      /* it holds a token */
  s->sent = 0;
  trace_opening(s);
  loop_notify(s->loop, &s->notice);
}

/* Read the head of the answer. */
static void take_answer(Stream *s) {
  const char *fault;
  switch (handshake_read(&s->came, s->key, &s->reply, &fault)) {
    case HANDSHAKE_MORE:
      if (s->has_ended) lose(s, s->why ? s->why : "the server closed it without an answer");
      break;
    case HANDSHAKE_AGREED:
      agree(s);
      break;
    case HANDSHAKE_REFUSED:
      s->phase = PHASE_REFUSAL;
      set_flight(s, 0);      /* the time for the body passes also on a virtual clock */
      loop_timer(s->loop, &s->limit, loop_now(s->loop) + REFUSAL_TIME, refusal_is_late);
      break;
    case HANDSHAKE_INVALID:
      error_set(&s->error, ERROR_PROTOCOL, "InvalidHandshake",
                "%s does not answer as a websocket server: %s", s->origin, fault);
      fail(s);
  }
}

/* Do what the bytes that came, or their end, mean. Each phase may lead to the next. */
static void digest(Stream *s) {
  if (s->phase == PHASE_HANDSHAKE) take_answer(s);
  if (s->phase == PHASE_REFUSAL) take_refusal(s);
  if (s->phase != PHASE_OPEN) return;
  if (s->came.len) loop_notify(s->loop, &s->notice);
  if (s->has_ended) lose(s, s->why ? s->why : "the server closed it");
}

/* -- bytes ------------------------------------------------------------------------------------- */

/* Take in what is there, up to the high-water mark. */
static void take_in(Stream *s) {
  char piece[PIECE];
  s->is_drained = 0;
  while (!s->has_ended && s->came.len < HIGH_WATER) {
    size_t room = HIGH_WATER - s->came.len, count = 0;
    CURLcode result = curl_easy_recv(s->handle.easy, piece, room < PIECE ? room : PIECE, &count);
    if (result == CURLE_AGAIN) {
      s->is_drained = 1;
      return;
    }
    if (result != CURLE_OK) s->why = curl_words(s, result);
    if (count == 0) s->has_ended = 1;      /* what came before an error counts */
    if (buf_add(&s->came, piece, count) != 0) {
      fail_for_memory(s);
      return;
    }
  }
}

/* Send what waits, as far as the connection takes it. */
static void send_out(Stream *s) {
  while (s->sent < s->out.len) {
    size_t count = 0;
    CURLcode result = curl_easy_send(s->handle.easy, s->out.data + s->sent, s->out.len - s->sent,
                                     &count);
    if (result == CURLE_AGAIN) return;
    if (result != CURLE_OK) {
      lose(s, curl_words(s, result));
      return;
    }
    s->sent += count;
  }
  buf_reset(&s->out);
  s->sent = 0;
}

static void look_again(Timer *timer);

/* Watch for what can happen next. TLS keeps bytes that no descriptor shows: unless the last read
   found nothing more, look again at once. A descriptor that is watched for nothing would still
   report that the server has hung up, again and again. */
static void rewatch(Stream *s) {
  int reads = s->came.len < HIGH_WATER && !s->has_ended;
  unsigned events = (reads ? POLLER_READ : 0) | (s->sent < s->out.len ? POLLER_WRITE : 0);
  if (reads && !s->is_drained) loop_timer(s->loop, &s->again, loop_now(s->loop), look_again);
  if (events == s->events) return;
  if (!events) loop_watch_remove(s->loop, &s->watch);
  else if (loop_watch_add(s->loop, &s->watch, events) != 0) {
    fail_for_memory(s);
    return;
  }
  s->events = events;
}

/* Send the rest, and drop what comes, until the server closes the connection. */
static void leave(Stream *s) {
  take_in(s);
  buf_reset(&s->came);
  if (s->phase == PHASE_LEAVING) send_out(s);
  if (s->phase == PHASE_LEAVING && !s->has_ended) rewatch(s);
  else stream_free(s);
}

/* Move bytes both ways, and do what they mean. */
static void move(Stream *s) {
  int has_unsent = s->sent < s->out.len;
  if (s->phase == PHASE_LEAVING) {
    leave(s);
    return;
  }
  take_in(s);
  if (s->phase != PHASE_OVER && has_unsent) {
    send_out(s);
    if (s->phase == PHASE_OPEN && s->out.len == 0) loop_notify(s->loop, &s->notice);
  }
  if (s->phase != PHASE_OVER) digest(s);
  if (s->handle.easy && s->phase >= PHASE_HANDSHAKE) rewatch(s);
}

static void look_again(Timer *timer) { move(container_of(timer, Stream, again)); }

static void ready(Watch *watch, unsigned events) {
  (void)events;
  move(container_of(watch, Stream, watch));
}

/* -- opening ----------------------------------------------------------------------------------- */

static void opening_is_late(Timer *timer) {
  Stream *s = container_of(timer, Stream, limit);
  error_set(&s->error, ERROR_TRANSPORT, "RequestTimeout",
            "%s did not answer the request for a websocket within %.6g s", s->origin, s->timeout);
  fail(s);
}

/* Set *authorization to the header line to send; NULL: the client has no credential. Return 0 when
   there is no token yet: the stream waits, or has failed. */
static int has_token(Stream *s, const char **authorization) {
  const Client *client = s->client;
  *authorization = NULL;
  if (!client->credential) return 1;
  if (token_hangs_on(client->credential, client->scope, &s->token, s->token.within)) {
    error_set(&s->error, ERROR_CREDENTIAL, "OwnCredential",
              "the credential's function waits for a websocket that needs the very token it is "
              "asked for");
    fail(s);
    return 0;
  }
  if (!token_header(client->credential, client->scope, &s->token, authorization)) {
    fail_for_memory(s);
    return 0;
  }
  if (*authorization) return 1;
  disconnect(s);      /* from a connection that was made with a token which has expired since */
  s->phase = PHASE_TOKEN;
  return 0;
}

/* The connection is there: send the request. */
static void connected(Stream *s) {
  const char *authorization;
  curl_easy_getinfo(s->handle.easy, CURLINFO_ACTIVESOCKET, &s->watch.fd);
  if (!has_token(s, &authorization)) return;
  Opening opening = {
    .url = s->url, .key = s->key, .user_agent = s->client->user_agent,
    .headers = (const char *const *)s->headers, .authorization = authorization
  };
  s->phase = PHASE_HANDSHAKE;
  s->message[0] = '\0';
  if (handshake_key(s->key) != 0 || handshake_request(&s->out, &opening) != 0) {
    fail_for_memory(s);
    return;
  }
  send_out(s);
  if (s->phase == PHASE_HANDSHAKE) rewatch(s);
}

static void not_connected(Stream *s, CURLcode result) {
  long status = 0;
  curl_easy_getinfo(s->handle.easy, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status >= 300)
    error_set(&s->error, ERROR_TRANSPORT, "ProxyRefused",
              "the proxy refuses a connection to %s for a websocket (HTTP %ld)", s->origin, status);
  else
    error_set(&s->error, ERROR_TRANSPORT, transport_fault(result)->code,
              "no connection to %s: %s", s->origin, curl_words(s, result));
  fail(s);
}

/* libcurl has connected, or could not. Or it lacks memory later, or the loop ends. */
static void ended(Handle *handle, CURLcode result) {
  Stream *s = container_of(handle, Stream, handle);
  if (s->phase == PHASE_LEAVING) stream_free(s);
  else if (s->phase != PHASE_CONNECT) fail_for_memory(s);
  else if (result == CURLE_OK) connected(s);
  else not_connected(s, result);
}

/* Take what a proxy says beside its headers. */
static size_t discard(char *data, size_t size, size_t count, void *user) {
  (void)data, (void)user;
  return size * count;
}

/* Set up a handle that only connects. With HTTP/2 the upgrade would never be answered. */
static int set_up(Stream *s, CURL *easy) {
  Route other = { 0 };
  const Route *route = client_route(s->client, s->url, &other);
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->message);
  int is_set = route->origin && route_apply(easy, route)
    && route_text(easy, CURLOPT_URL, route->origin);
  free(other.origin);
  return is_set;
}

static void connect_now(Stream *s) {
  CURL *easy = curl_easy_init();
  if (!easy || !set_up(s, easy)) {
    curl_easy_cleanup(easy);
    fail_for_memory(s);
    return;
  }
  buf_reset(&s->came);
  reply_reset(&s->reply);
  s->phase = PHASE_CONNECT;
  s->has_ended = 0;
  s->why = NULL;
  s->handle.easy = easy;
  set_flight(s, 1);
  loop_timer(s->loop, &s->limit, loop_now(s->loop) + s->timeout, opening_is_late);
  loop_handle_add(s->loop, &s->handle);
}

/* Connect as soon as there is a token. */
static void proceed(Stream *s) {
  const char *authorization;
  s->phase = PHASE_TOKEN;
  s->began = loop_now(s->loop);
  if (has_token(s, &authorization)) connect_now(s);
}

static void begin(Timer *timer) { proceed(container_of(timer, Stream, again)); }

static void token_came(TokenWait *wait, const Error *error) {
  Stream *s = container_of(wait, Stream, token);
  if (!error) {
    proceed(s);
    return;
  }
  error_copy(&s->error, error);
  if (!s->error.credential) s->error.credential = credential_kind(s->client->credential);
  fail(s);
}

/* -- birth and death --------------------------------------------------------------------------- */

/* Copy what the caller lent, and the URL. Return 0 when memory is short. */
static int copy_upgrade(Stream *s, const Upgrade *upgrade, const char *url) {
  s->url = text_copy(url);
  s->origin = url_origin(url);
  s->headers = text_list_copy(upgrade->headers);
  s->timeout = upgrade->timeout;
  s->token.within = upgrade->within;
  s->token.tenant = s->client->tenant_id;
  s->token.ready = token_came;
  return s->url && s->origin && text_list_is_copied(s->headers, upgrade->headers);
}

static Stream *stream_new(Client *client) {
  Stream *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->loop = client->loop;
  s->client = client_ref(client);
  s->handle.ended = ended;
  s->watch.ready = ready;
  s->out.limit = MAX_UNSENT;
  s->notice.event = (Event){ .kind = EVENT_STREAM, .stream = s, .fd = -1 };
  return s;
}

Stream *stream_open(Client *client, const Upgrade *upgrade, Error *error) {
  Request request = { .method = "GET", .url = upgrade->url, .headers = upgrade->headers };
  Stream *s = NULL;
  char *url = request_url(client, &request);
  if (!url) goto no_memory;
  if (!request_check(client, &request, url, error)) goto fail;
  s = stream_new(client);
  if (!s || !copy_upgrade(s, upgrade, url)) goto no_memory;
  free(url);
  loop_timer(s->loop, &s->again, loop_now(s->loop), begin);      /* by then its owner holds it */
  return s;

no_memory:
  error_set(error, ERROR_TRANSPORT, "OutOfMemory", "there is not enough memory for a websocket");
fail:
  free(url);
  stream_free(s);
  return NULL;
}

void stream_free(Stream *s) {
  if (!s) return;
  disconnect(s);
  token_forget(&s->token);
  loop_unnotify(&s->notice);
  buf_clear(&s->came);
  reply_clear(&s->reply);
  error_clear(&s->error);
  text_list_free(s->headers);
  free(s->origin);
  free(s->url);
  client_unref(s->client);
  free(s);
}

static void leaving_is_late(Timer *timer) { stream_free(container_of(timer, Stream, limit)); }

/* Closing at once, with bytes that were not read, would reset the connection: the server would lose
   what was sent last. */
void stream_leave(Stream *s) {
  if (!s || s->phase != PHASE_OPEN) {
    stream_free(s);
    return;
  }
  s->phase = PHASE_LEAVING;
  loop_unnotify(&s->notice);
  loop_timer(s->loop, &s->limit, loop_now(s->loop) + LEAVE_TIME, leaving_is_late);
  leave(s);
}

/* -- the face ---------------------------------------------------------------------------------- */

int stream_is_open(const Stream *s) { return s->was_open; }
const Error *stream_error(const Stream *s) { return s->phase == PHASE_OVER ? &s->error : NULL; }
size_t stream_unsent(const Stream *s) { return s->out.len - s->sent; }

Buf *stream_came(Stream *s) {
  if (s->phase == PHASE_OPEN && s->came.len == 0) move(s);
  return s->was_open ? &s->came : NULL;
}

void stream_go_on(Stream *s) {
  if (s->phase == PHASE_OPEN) rewatch(s);
}

void stream_write(Stream *s, const char *data, size_t len) {
  if (s->phase != PHASE_OPEN) return;
  buf_drop(&s->out, s->sent);
  s->sent = 0;
  if (buf_add(&s->out, data, len) != 0) {
    error_set(&s->error, ERROR_TRANSPORT, "PeerStalled",
              "%s does not read what it gets: more than 4 MiB wait to be sent", s->origin);
    fail(s);
    return;
  }
  send_out(s);
  if (s->phase == PHASE_OPEN) rewatch(s);
}

int stream_waits_for(const Stream *s, unsigned long question) {
  const Client *client = s->client;
  return s->phase == PHASE_TOKEN && client->credential
    && token_hangs_on(client->credential, client->scope, &s->token, question);
}
