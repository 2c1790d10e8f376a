/* op.c: the life of an operation: token, send, pause, again, poll, done. What replies mean is lro.c's and retry.c's; bytes are transfer.c's. */

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "challenge.h"
#include "client.h"
#include "op.h"
#include "text.h"
#include "transfer.h"
#include "url.h"

static const double FIRST_PACE = 1, PACE_GROWTH = 1.5, LAST_PACE = 10;      /* seconds between polls, where nobody says otherwise */
static const double SPREAD = 0.1;                                           /* of our own pace, at most, on top: by chance */
static const double ASKED_SPREAD = 0.02, SPREAD_FROM = 5;                   /* of a Retry-After of so many seconds and more */
static const double THROTTLED_AT_MOST = 600;                                /* seconds that one request waits for its turn again and again */
static const double LEAST_TIME = 0.01;                                      /* seconds: with less nothing is sent */
static const double STATUS_MAY_BE_LATE = 60;                                /* a status URL may answer 404 at first */

enum { MAX_LINES = 40, MAX_REDIRECTS = 10, MAX_REQUEST_ID = 64 };

typedef enum Stage { STAGE_FIRST, STAGE_POLL, STAGE_FINAL } Stage;
typedef enum Phase { PHASE_TOKEN, PHASE_FLIGHT, PHASE_PAUSE, PHASE_DONE } Phase;

struct Op {
  Loop   *loop;
  Client *client;             /* NULL: a sleep */
  Stage   stage;
  Phase   phase;
  char   *method, *url, *body, *label;
  size_t  body_len;
  char  **headers;            /* ends with NULL */
  char    request_id[MAX_REQUEST_ID];
  Lro     lro;
  int     attempts;           /* sendings in this stage; of polls, those that failed in a row */
  int     polls;
  int     redirects;          /* followed in this stage */
  char   *detour;             /* where the last one led; NULL: this stage's own URL */
  double  pace, deadline, accepted_at, sent_at, throttled_at;
  Timer   timer;
  TokenWait token;
  Transfer *transfer;
  Notice  notice;
  Reply   reply;
  int     first_status;       /* of the reply that accepted it; 0: there is none yet */
  Buf     first_body;
  Error   error;
  ThrottleScope *scope;       /* whose throttling budget it draws from; NULL until it has a token */
  OpDone *listener;
  void   *context, *owner;
  unsigned follow : 1;
  unsigned token_only : 1;    /* nothing is sent */
  unsigned accepted : 1, failed : 1, watch_polls : 1;
  unsigned renewed : 1;       /* the service refused our token once already */
  unsigned challenged : 1;    /* and once demanded one with further claims */
  unsigned paced : 1;         /* the service said when to poll next */
  unsigned on_hold : 1, ripe : 1, poked : 1;      /* polled only when its owner says so; its poll is due; the owner has said so */
  unsigned held : 1;          /* told to wait for its turn in its throttling budget */
};

static Op *op_of_timer(Timer *timer) { return container_of(timer, Op, timer); }
static Op *op_of_token(TokenWait *wait) { return container_of(wait, Op, token); }
static void go(Op *op);

/* -- what a stage asks for ---------------------------------------------------------------------------------------------- */

static const char *method_in_turn(const Op *op) { return op->stage == STAGE_FIRST ? op->method : "GET"; }

static const char *url_in_turn(const Op *op) {
  if (op->detour) return op->detour;
  if (op->stage == STAGE_FIRST) return op->url;
  return op->stage == STAGE_POLL ? op->lro.poll_url : lro_final_url(&op->lro);
}

/* -- the end ------------------------------------------------------------------------------------------------------------ */

static void tell(Op *op) {
  if (op->listener) {
    if (op->phase == PHASE_DONE) op->listener(op, op->context);
  } else {
    loop_notify(op->loop, &op->notice);
  }
}

static void finish(Op *op) {
  loop_timer_stop(op->loop, &op->timer);
  op->phase = PHASE_DONE;
  op->accepted = 1;
  tell(op);
}

static void succeed(Op *op) {
  error_clear(&op->error);
  finish(op);
}

static void fail(Op *op) {      /* op->error says why */
  op->failed = 1;
  finish(op);
}

/* -- pauses ------------------------------------------------------------------------------------------------------------- */

/* A poll that is held back waits without a timer: 10,000 of them cost nothing. */
static void resume_after_pause(Timer *timer) {
  Op *op = op_of_timer(timer);
  op->ripe = op->stage == STAGE_POLL && op->on_hold && !op->poked;
  if (!op->ripe) go(op);
}

static void pause_for(Op *op, double seconds) {
  op->phase = PHASE_PAUSE;
  loop_timer(op->loop, &op->timer, loop_now(op->loop) + seconds, resume_after_pause);
}

static double random_fraction(void) {
  unsigned number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) return 0.5;
  return (double)number / 4294967296.0;
}

static double next_pace(Op *op) {
  if (op->client->poll_interval >= 0) return op->client->poll_interval;
  double pace = op->pace > 0 ? op->pace : FIRST_PACE;
  op->pace = pace * PACE_GROWTH < LAST_PACE ? pace * PACE_GROWTH : LAST_PACE;
  return pace * (1 + SPREAD * random_fraction());
}

/* Later than asked for, never earlier; where a moment more is noticed, not at all. */
static double spread(double after) {
  return after < SPREAD_FROM ? after : after * (1 + ASKED_SPREAD * random_fraction());
}

/* Operations that were begun together, here or in programs that were started at the same hour, are not polled together for ever. */
static void poll_later(Op *op, const Reply *reply) {
  double after = retry_after(&reply->headers, time(NULL));
  op->stage = STAGE_POLL;
  op->paced = after > 0;
  pause_for(op, op->paced ? spread(after) : next_pace(op));
}

static int out_of_time(const Op *op, double until) {
  return op->deadline > 0 && op->stage == STAGE_FIRST && until + LEAST_TIME >= op->deadline;
}

/* -- trouble ------------------------------------------------------------------------------------------------------------ */

static int asks_for_patience(const Op *op, const Error *error) {
  int status = error->status;
  if (error->kind == ERROR_TRANSPORT || status == 408 || status == 429 || status >= 500) return 1;
  return status == 404 && loop_now(op->loop) - op->accepted_at < STATUS_MAY_BE_LATE;
}

/* A status that cannot be read is not the operation's failure: ask again, for as long as somebody waits. */
static void poll_failed(Op *op, const Attempt *attempt) {
  if (asks_for_patience(op, &op->error)) {
    if (op->watch_polls) tell(op);
    pause_for(op, retry_delay(&op->client->retry, attempt, random_fraction()));
  } else {
    op->error.outcome_unknown = 1;
    fail(op);
  }
}

static int changes_something(const char *method) { return !text_equal(method, "GET") && !text_equal(method, "HEAD"); }

/* A 429 that says when is no failure: it is waited for, up to a limit, and does not use up the tries. */
static void forgive_throttling(Op *op) {
  double now = loop_now(op->loop);
  if (op->error.status != 429 || op->error.retry_after <= 0) return;
  if (op->throttled_at == 0) op->throttled_at = now;
  if (now - op->throttled_at < THROTTLED_AT_MOST) op->attempts--;
}

enum { PASSING = 503 };      /* the status that a refusal which passes by itself should have had */

static int status_that_counts(const Op *op) {
  int passing = op->error.kind == ERROR_HTTP && op->client->is_passing && op->client->is_passing(&op->reply);
  return passing ? PASSING : op->error.status;
}

/* op->error is set; send again, later, or give up. */
static void trouble(Op *op, int sent, int permanent) {
  forgive_throttling(op);
  Attempt attempt = { method_in_turn(op), op->attempts, status_that_counts(op), permanent, sent, op->error.retry_after };
  if (op->stage == STAGE_POLL) {
    poll_failed(op, &attempt);
    return;
  }
  double delay = retry_delay(&op->client->retry, &attempt, random_fraction());
  if (retry_may(&op->client->retry, &attempt) && !out_of_time(op, loop_now(op->loop) + delay)) {
    pause_for(op, delay);
    return;
  }
  int executed = op->error.kind == ERROR_TRANSPORT ? sent : op->error.status >= 500 && op->error.status != 503;
  op->error.outcome_unknown = op->stage == STAGE_FIRST && changes_something(op->method) && executed;
  fail(op);
}

static const struct { CURLcode result; const char *code; int permanent; } transport_codes[] = {
  { CURLE_COULDNT_RESOLVE_HOST, "HostNotFound", 0 },
  { CURLE_COULDNT_RESOLVE_PROXY, "ProxyNotFound", 0 },
  { CURLE_COULDNT_CONNECT, "ConnectionFailed", 0 },
  { CURLE_OPERATION_TIMEDOUT, "RequestTimeout", 0 },
  { CURLE_PEER_FAILED_VERIFICATION, "CertificateInvalid", 1 },
  { CURLE_SSL_CACERT_BADFILE, "CertificateInvalid", 1 },
  { CURLE_SSL_CONNECT_ERROR, "TlsFailed", 0 },
  { CURLE_FILESIZE_EXCEEDED, "ReplyTooLarge", 1 },
  { CURLE_WEIRD_SERVER_REPLY, "InvalidReply", 0 },
  { CURLE_BAD_CONTENT_ENCODING, "InvalidReply", 0 },
  { CURLE_UNSUPPORTED_PROTOCOL, "InvalidReply", 0 },      /* HTTP/0.9, or no HTTP at all */
  { CURLE_OK, "ConnectionLost", 0 }      /* and all else */
};

static size_t transport_row(CURLcode result) {
  size_t i = 0;
  while (transport_codes[i].result != CURLE_OK && transport_codes[i].result != result) i++;
  return i;
}

static void no_reply(Op *op, const Outcome *outcome) {
  size_t i = transport_row(outcome->result);
  char *shown = url_origin(url_in_turn(op));
  error_set(&op->error, ERROR_TRANSPORT, transport_codes[i].code, "%s from %s: %s", outcome->reply->status ? "no whole answer" : "no answer",
            shown ? shown : "the service", outcome->message);
  free(shown);
  trouble(op, outcome->sent, transport_codes[i].permanent);
}

static void refused(Op *op) {
  error_from_reply(&op->error, &op->reply);
  trouble(op, 1, 0);
}

/* -- replies ------------------------------------------------------------------------------------------------------------ */

static int follows(Op *op, const char *url) {
  if (!url || client_allows(op->client, url)) return 1;
  char *origin = url_origin(url);
  error_set(&op->error, ERROR_PROTOCOL, "ForeignUrl",
            "the service points to %s, which is not the origin of %s: refused, because the token would go there (allow_hosts permits it)",
            origin ? origin : "something that is no URL", op->client->endpoint);
  free(origin);
  op->error.outcome_unknown = 1;
  return 0;
}

/* What a redirect asks for without a change of the method; any other is not followed. */
static int repeats_request(int status, const char *method) {
  int reads = !changes_something(method);
  return status == 307 || status == 308 || (reads && (status == 301 || status == 302 || status == 303));
}

static void not_followed(Op *op, const char *url) {
  char *shown = url ? url_redacted(url) : NULL;
  error_set(&op->error, ERROR_PROTOCOL, "Redirected", "the service answered with a redirect (HTTP %d) to %s, which is not followed%s",
            op->reply.status, shown ? shown : "nowhere", op->redirects == MAX_REDIRECTS ? ": there were too many already" : "");
  op->error.status = op->reply.status;
  op->error.outcome_unknown = op->stage == STAGE_POLL;
  free(shown);
  fail(op);
}

static void redirected(Op *op) {
  const char *location = headers_get(&op->reply.headers, "location");
  char *url = location ? url_resolve(url_in_turn(op), location) : NULL;
  if (!url || op->redirects == MAX_REDIRECTS || !repeats_request(op->reply.status, method_in_turn(op))) {
    not_followed(op, url);
  } else if (!follows(op, url)) {
    op->error.status = op->reply.status;
    op->error.outcome_unknown = op->stage != STAGE_FIRST;      /* a redirect is said instead of doing anything */
    fail(op);
  } else {
    op->redirects++;
    free(op->detour);
    op->detour = url;
    go(op);
    return;
  }
  free(url);
}

static void end_detour(Op *op) {
  free(op->detour);
  op->detour = NULL;
  op->redirects = 0;
}

static void fetch_result(Op *op) {
  const char *url = lro_final_url(&op->lro);
  if (!url) {
    succeed(op);
  } else if (!follows(op, url)) {
    fail(op);
  } else {
    op->stage = STAGE_FINAL;
    op->attempts = 0;
    go(op);
  }
}

static void go_on(Op *op, LroOutcome outcome, const Reply *reply) {
  switch (outcome) {
    case LRO_RUNNING:
      if (!follows(op, op->lro.poll_url)) fail(op);
      else poll_later(op, reply);
      break;
    case LRO_SUCCEEDED: fetch_result(op); break;
    default: fail(op);
  }
}

static void forget_request(Op *op) {
  text_list_free(op->headers);
  free(op->body);
  op->headers = NULL;
  op->body = NULL;
  op->body_len = 0;
  if (op->label && op->url == op->lro.original_url && lro_forget_url(&op->lro)) op->url = NULL;      /* without a label it is shown */
}

static void accepted(Op *op) {
  if (!op->follow) {
    succeed(op);
    return;
  }
  LroOutcome outcome = lro_first(&op->lro, &op->reply, &op->error);
  int over = outcome != LRO_RUNNING && !(outcome == LRO_SUCCEEDED && lro_final_url(&op->lro));
  op->accepted_at = loop_now(op->loop);
  op->attempts = 0;
  if (over) {
    go_on(op, outcome, &op->reply);
    return;
  }
  Reply first = op->reply;
  memset(&op->reply, 0, sizeof op->reply);
  op->first_status = first.status;
  op->first_body = first.body;
  op->accepted = 1;
  tell(op);
  go_on(op, outcome, &first);
  headers_clear(&first.headers);      /* 10,000 may be pending: what is not needed again goes */
  if (op->stage == STAGE_POLL) forget_request(op);
}

static void polled(Op *op) {
  error_clear(&op->error);
  op->attempts = op->poked = 0;
  op->polls++;
  LroOutcome outcome = lro_poll(&op->lro, &op->reply, &op->error);
  if (outcome == LRO_RUNNING && op->watch_polls) tell(op);
  Reply reply = op->reply;
  if (outcome == LRO_RUNNING) {
    memset(&op->reply, 0, sizeof op->reply);
    go_on(op, outcome, &reply);
    reply_clear(&reply);
  } else {
    go_on(op, outcome, &op->reply);
  }
}

static int renew_token(Op *op) {
  if (op->renewed) return 0;
  op->renewed = 1;
  token_refused(op->client->credential, op->client->scope, &op->token);
  return 1;
}

static int renew_token_with(Op *op, const char *claims) {
  if (op->challenged) return 0;
  op->challenged = 1;
  token_challenged(op->client->credential, op->client->scope, &op->token, claims);
  return 1;
}

/* A 401 may be due to the token we have: each of the two remedies is tried once. */
static int another_token_may_do(Op *op) {
  char *claims;
  int may = 0;
  if (op->reply.status != 401 || !op->client->credential) return 0;
  switch (challenge_read(&op->reply.headers, &claims)) {
    case CHALLENGE_CLAIMS: may = renew_token_with(op, claims); break;
    case CHALLENGE_TOKEN: may = renew_token(op); break;
    case CHALLENGE_UNREADABLE: break;
  }
  free(claims);
  return may;
}

static ThrottleKind kind_in_turn(const Op *op) { return throttle_kind(method_in_turn(op)); }

static void answered(const Op *op) { throttle_answered(op->scope, kind_in_turn(op)); }

static void note_budget(const Op *op) {
  double now = loop_now(op->loop), after = op->reply.status == 429 ? retry_after(&op->reply.headers, time(NULL)) : 0;
  throttle_note(op->scope, kind_in_turn(op), &op->reply.headers, now);
  if (after > 0) throttle_hold(op->scope, kind_in_turn(op), now + after);
}

/* 1: it is our turn. 0: in *wait seconds we may ask again. */
static int is_our_turn(Op *op, double *wait) {
  if (!op->scope && op->url) op->scope = client_throttle_scope(op->client, op->url);      /* not before: a token tells who we are */
  int turn = throttle_take(op->scope, kind_in_turn(op), loop_now(op->loop), op->held, wait);
  op->held = !turn;
  return turn;
}

static void give_up_turn(Op *op) {
  if (op->held) throttle_leave(op->scope, kind_in_turn(op));
  op->held = 0;
}

static void replied(Op *op) {
  note_budget(op);
  if (another_token_may_do(op)) {
    go(op);
    return;
  }
  if (op->reply.status >= 400) {
    refused(op);
    return;
  }
  op->renewed = op->challenged = 0;
  if (op->reply.status >= 300) {
    redirected(op);
    return;
  }
  end_detour(op);
  if (op->stage == STAGE_FIRST) accepted(op);
  else if (op->stage == STAGE_POLL) polled(op);
  else succeed(op);
}

static TraceLine line_of(const Op *op) {
  static const char *const events[] = { [STAGE_FIRST] = "request", [STAGE_POLL] = "poll", [STAGE_FINAL] = "result" };
  TraceLine line = {
    .event = op->client->secret ? "token" : events[op->stage],
    .method = method_in_turn(op),
    .url = url_in_turn(op),
    .attempt = op->attempts,
    .client_request_id = op->request_id
  };
  return line;
}

static void show_sending(const Op *op) {
  if (!op->client->observer) return;
  TraceLine line = line_of(op);
  loop_seen(op->loop, op->client->observer, 0, &line);
}

static void show_outcome(const Op *op, const Outcome *outcome) {
  if (!loop_tracer(op->loop) && !op->client->observer) return;
  TraceLine line = line_of(op);
  line.bytes = outcome->reply->body.len;
  line.seconds = loop_now(op->loop) - op->sent_at;
  line.request_id = headers_get(&outcome->reply->headers, "x-ms-request-id");
  if (outcome->result == CURLE_OK) line.status = outcome->reply->status;
  else line.error = transport_codes[transport_row(outcome->result)].code;
  trace_write(loop_tracer(op->loop), &line);
  if (op->client->observer) loop_seen(op->loop, op->client->observer, 1, &line);
}

static void transferred(void *owner, const Outcome *outcome) {
  Op *op = owner;
  op->transfer = NULL;
  answered(op);
  show_outcome(op, outcome);
  reply_clear(&op->reply);
  if (outcome->result != CURLE_OK) {
    no_reply(op, outcome);
    return;
  }
  op->reply = *outcome->reply;
  memset(outcome->reply, 0, sizeof *outcome->reply);
  replied(op);
}

/* -- sending ------------------------------------------------------------------------------------------------------------ */

static size_t add_lines(Op *op, const char **lines, char *id_line, size_t id_size) {
  size_t count = 0;
  snprintf(id_line, id_size, "x-ms-client-request-id: %s", op->request_id);
  lines[count++] = id_line;
  lines[count++] = "x-ms-return-client-request-id: true";
  int typed = 0, accepts = 0;
  for (char **line = op->headers; op->stage == STAGE_FIRST && line && *line; line++) {
    typed |= text_starts(*line, "content-type:");
    accepts |= text_starts(*line, "accept:");
    lines[count++] = *line;
  }
  if (!accepts) lines[count++] = "Accept: application/json";
  if (op->stage == STAGE_FIRST && op->body && !typed) lines[count++] = "Content-Type: application/json";
  lines[count] = NULL;
  return count;
}

static double time_for_sending(const Op *op) {
  double limit = op->client->request_timeout;
  double left = op->deadline > 0 && op->stage == STAGE_FIRST ? op->deadline - loop_now(op->loop) : limit;
  if (left < limit) limit = left;
  return limit > 0.001 ? limit : 0.001;
}

static void dispatch(Op *op, const char *authorization) {
  const char *lines[MAX_LINES + 8];
  char id_line[128];
  int first = op->stage == STAGE_FIRST;
  Route other = { 0 };
  add_lines(op, lines, id_line, sizeof id_line);
  Sending sending = {
    .route = client_route(op->client, url_in_turn(op), &other),
    .method = method_in_turn(op),
    .url = url_in_turn(op),
    .headers = lines,
    .authorization = authorization,
    .body = first ? op->body : NULL,
    .body_len = first ? op->body_len : 0,
    .timeout = time_for_sending(op),
    .secret = op->client->secret
  };
  op->attempts++;
  op->sent_at = loop_now(op->loop);
  op->phase = PHASE_FLIGHT;
  show_sending(op);
  op->transfer = transfer_start(op->loop, &sending, transferred, op);
  free(other.origin);
  if (op->transfer) return;
  answered(op);
  error_set(&op->error, ERROR_TRANSPORT, "OutOfMemory", "there is not enough memory to send a request");
  fail(op);
}

static void token_came(TokenWait *wait, const Error *error) {
  Op *op = op_of_token(wait);
  if (!error) {
    go(op);
    return;
  }
  error_copy(&op->error, error);
  if (op->stage == STAGE_POLL) {
    op->attempts++;
    trouble(op, 0, 0);
  } else {
    fail(op);
  }
}

static void token_is_late(Timer *timer) {
  Op *op = op_of_timer(timer);
  token_forget(&op->token);
  error_set(&op->error, ERROR_CREDENTIAL, "RequestTimeout", "the %s credential brought no token in time", credential_kind(op->client->credential));
  fail(op);
}

static void wait_for_token(Op *op) {
  op->phase = PHASE_TOKEN;
  if (op->deadline > 0 && op->stage == STAGE_FIRST) loop_timer(op->loop, &op->timer, op->deadline, token_is_late);
}

/* Somebody of our principal was throttled, or will be: whoever asks earlier only makes the wait begin again. */
static void wait_for_turn(Op *op, double wait) {
  int patient = op->stage == STAGE_POLL || (wait <= op->client->retry.max_delay && !out_of_time(op, loop_now(op->loop) + wait));
  if (patient) {
    pause_for(op, wait);
    return;
  }
  give_up_turn(op);
  error_set(&op->error, ERROR_HTTP, "TooManyRequests", "the service throttles this account: it asked for no further request for %.0f s", wait);
  op->error.status = 429;
  op->error.retry_after = wait;
  fail(op);
}

static int waits_for_itself(Op *op) {
  if (!token_hangs_on(op->client->credential, op->client->scope, &op->token, op->token.within)) return 0;
  error_set(&op->error, ERROR_CREDENTIAL, "OwnCredential",
            "the credential's function waits for a request that needs the very token it is asked for: give that request another credential");
  fail(op);
  return 1;
}

static void go(Op *op) {
  const char *authorization = NULL;
  double wait;
  loop_timer_stop(op->loop, &op->timer);
  if (op->client->credential) {
    if (waits_for_itself(op)) return;
    authorization = token_header(op->client->credential, op->client->scope, &op->token);
    if (!authorization) {
      wait_for_token(op);
      return;
    }
  }
  if (op->token_only) succeed(op);
  else if (is_our_turn(op, &wait)) dispatch(op, authorization);
  else wait_for_turn(op, wait);
}

/* -- beginning ---------------------------------------------------------------------------------------------------------- */

static const char *fault_in_headers(const char *const *headers) {
  size_t count = 0;
  for (; headers && headers[count]; count++) {
    if (text_has_control(headers[count], strlen(headers[count]))) return "a header must not hold control characters such as a line end";
    if (!strchr(headers[count], ':')) return "a header must have the form 'Name: value'";
  }
  return count > MAX_LINES ? "there are too many headers" : NULL;
}

static const char *fault_in_method(const char *method) {
  if (!method || !*method) return "a request needs a method";
  return strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method) ? NULL : "a method is a word in capitals such as GET";
}

static const char *fault_in_request_id(const char *id) {
  return !id || (text_is_token(id) && strlen(id) < MAX_REQUEST_ID) ? NULL : "a request's id is 1 to 63 visible ASCII characters, such as a GUID";
}

static const char *fault_in_url(const char *url) {
  if (strchr(url, '#')) return "a URL must not have a fragment: it is not sent";
  return text_is_visible(url) ? NULL : "a URL must not hold blanks or control characters: escape them";
}

static char *absolute(const Client *client, const char *url) {
  return *url == '/' ? text_format("%s%s", client->endpoint, url) : text_copy(url);
}

static int check(const Client *client, const Request *request, const char *url, Error *error) {
  const char *fault = fault_in_method(request->method);
  if (!fault) fault = fault_in_url(url);
  if (!fault) fault = fault_in_headers(request->headers);
  if (!fault) fault = fault_in_request_id(request->request_id);
  if (fault) {
    error_set(error, ERROR_USAGE, "InvalidRequest", "%s", fault);
  } else if (!client_allows(client, url)) {
    char *shown = url_redacted(url);
    error_set(error, ERROR_USAGE, "ForeignUrl", "%s is not on the origin of %s (allow_hosts permits others)", shown ? shown : url, client->endpoint);
    free(shown);
    return 0;
  }
  return fault == NULL;
}

static Op *op_new(Loop *loop) {
  Op *op = calloc(1, sizeof *op);
  if (!op) return NULL;
  op->loop = loop;
  op->notice.event.kind = EVENT_OP;
  op->notice.event.op = op;
  op->notice.event.fd = -1;
  op->token.ready = token_came;
  return op;
}

static void take_request(Op *op, const Request *request, char *url) {
  op->method = text_copy(request->method);
  op->url = url;
  op->label = text_copy(request->label);
  op->headers = text_list_copy(request->headers);
  op->follow = request->follow || request->resume;
  op->token_only = request->token_only;
  if (request->body && (op->body = malloc(request->body_len + 1))) {
    memcpy(op->body, request->body, request->body_len);
    op->body[op->body_len = request->body_len] = '\0';
  }
  op->token.within = request->within;
  op->token.tenant = op->client->tenant_id;
  if (request->timeout > 0) op->deadline = loop_now(op->loop) + request->timeout;
  if (request->request_id) snprintf(op->request_id, sizeof op->request_id, "%s", request->request_id);
  else text_guid(op->request_id);
}

/* The Lro's copies of what was asked serve for both: 10,000 may be pending. */
static void follow_request(Op *op, FinalState final_state) {
  lro_init(&op->lro, op->method, op->url, final_state);
  if (!op->lro.method || !op->lro.original_url) return;
  free(op->method);
  free(op->url);
  op->method = op->lro.method;
  op->url = op->lro.original_url;
}

static void resume(Op *op, const Lro *from) {
  op->lro.mode = from->mode;
  op->lro.poll_url = text_copy(from->poll_url);
  op->lro.location = text_copy(from->location);
  op->lro.resource_location = text_copy(from->resource_location);
  op->lro.status = text_copy(from->status);
  op->stage = STAGE_POLL;
  op->accepted = 1;
}

Op *op_request(Client *client, const Request *request, Error *error) {
  char *url = absolute(client, request->url);
  Op *op = url && check(client, request, url, error) ? op_new(client->loop) : NULL;
  if (op && request->resume && !client_allows(client, request->resume->poll_url)) {
    error_set(error, ERROR_USAGE, "ForeignUrl", "the operation to go on with is not on the origin of %s", client->endpoint);
    op_free(op);
    op = NULL;
  }
  if (!op) {
    free(url);
    return NULL;
  }
  op->client = client_ref(client);
  take_request(op, request, url);
  if (op->follow) follow_request(op, request->final_state);
  if (request->resume) resume(op, request->resume);
  pause_for(op, 0);      /* begins when the loop turns, so that its owner has anchored it */
  return op;
}

static void woken(Timer *timer) { finish(op_of_timer(timer)); }

Op *op_sleep(Loop *loop, double seconds) {
  Op *op = op_new(loop);
  if (!op) return NULL;
  op->phase = PHASE_PAUSE;
  loop_timer(loop, &op->timer, loop_now(loop) + (seconds > 0 ? seconds : 0), woken);
  return op;
}

static void free_request(Op *op) {
  int secret = op->client && op->client->secret;
  for (char **line = op->headers; secret && line && *line; line++) explicit_bzero(*line, strlen(*line));
  text_list_free(op->headers);
  if (secret) text_wipe(op->body);      /* a form with a secret holds no NUL */
  else free(op->body);
  if (op->method != op->lro.method) free(op->method);
  if (op->url != op->lro.original_url) free(op->url);
  free(op->detour);
  free(op->label);
}

void op_free(Op *op) {
  if (!op) return;
  if (op->transfer) {
    answered(op);
    transfer_cancel(op->transfer);
  }
  if (op->held) give_up_turn(op);
  token_forget(&op->token);
  loop_timer_stop(op->loop, &op->timer);
  loop_unnotify(&op->notice);
  if (op->client && op->client->secret) buf_wipe(&op->reply.body);
  buf_clear(&op->first_body);
  reply_clear(&op->reply);
  error_clear(&op->error);
  free_request(op);
  lro_clear(&op->lro);
  client_unref(op->client);
  free(op);
}

/* -- looking ------------------------------------------------------------------------------------------------------------ */

void  op_listen(Op *op, OpDone *done, void *context) { op->listener = done; op->context = context; }
int   op_accepted(const Op *op) { return op->accepted; }
int   op_done(const Op *op) { return op->phase == PHASE_DONE; }
int   op_polls(const Op *op) { return op->polls; }

int op_waits_for(const Op *op, unsigned long question) {
  return op->client && op->phase == PHASE_TOKEN && token_hangs_on(op->client->credential, op->client->scope, &op->token, question);
}

void  op_watch_polls(Op *op, int on) { op->watch_polls = on; }

static void poll_if_ripe(Op *op) {
  if (!op->ripe) return;
  op->ripe = 0;
  op->poked = 1;
  pause_for(op, 0);
}

void op_hold(Op *op, int on) {
  op->on_hold = on;
  if (!on) poll_if_ripe(op);
}

void op_poll_now(Op *op) {
  op->poked = op->on_hold;
  poll_if_ripe(op);
}

double op_next_poll(const Op *op, int *paced) {
  *paced = op->paced;
  if (op->stage != STAGE_POLL || op->phase != PHASE_PAUSE || op->ripe) return -1;
  double left = op->timer.due - loop_now(op->loop);
  return left > 0 ? left : 0;
}

void  op_set_owner(Op *op, void *owner) { op->owner = owner; }
void *op_owner(const Op *op) { return op->owner; }
const char  *op_request_id(const Op *op) { return op->request_id; }
const Lro   *op_lro(const Op *op) { return op->follow ? &op->lro : NULL; }
const Lro   *op_polled(const Op *op) { return op->follow && op->lro.mode != LRO_NONE && op->lro.poll_url ? &op->lro : NULL; }
const Error *op_error(const Op *op) { return op->error.kind == ERROR_NONE ? NULL : &op->error; }
const Reply *op_reply(const Op *op) { return &op->reply; }

int op_first_reply(const Op *op, Reply *first) {
  *first = (Reply){ .status = op->first_status, .body = op->first_body };
  return op->first_status != 0;
}

static const char *ordinal_ending(int n) {
  if (n % 100 >= 11 && n % 100 <= 13) return "th";
  return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static char *describe_state(const Op *op) {
  double left = op->timer.place ? op->timer.due - loop_now(op->loop) : 0;
  if (left < 0) left = 0;
  if (op->phase == PHASE_DONE) return text_format("%s", op->failed ? op->error.code : "done");
  if (!op->client) return text_format("sleeping, %.0f s left", left);
  if (op->phase == PHASE_TOKEN) return text_copy("waiting for a token");
  if (op->stage == STAGE_POLL && op->phase == PHASE_FLIGHT) return text_format("polling, %d%s time", op->polls + 1, ordinal_ending(op->polls + 1));
  if (op->ripe) return text_copy("accepted, its poll is held back");
  if (op->stage == STAGE_POLL && op->polls == 0) return text_format("accepted, first poll in %.0f s", left);
  if (op->stage == STAGE_POLL) return text_format("polling, %d%s time, next in %.0f s", op->polls, ordinal_ending(op->polls), left);
  if (op->phase == PHASE_FLIGHT) return text_copy(op->stage == STAGE_FINAL ? "fetching the result" : "sending");
  return op->attempts ? text_format("trying again in %.0f s, after %d %s", left, op->attempts, op->attempts == 1 ? "try" : "tries") : text_copy("starting");
}

char *op_describe(const Op *op) {
  char *state = describe_state(op);
  char *text = op->label ? text_format("%s: %s", op->label, state)
             : op->client ? text_format("%s %s: %s", op->method, url_target(op->url), state)
             : text_copy(state);
  free(state);
  return text;
}
