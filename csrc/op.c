/* op.c: the life of an operation. lro.c and retry.c say what replies mean, transfer.c moves bytes.

     stage:   FIRST --accepted--> POLL --Succeeded--> FINAL --reply--> done
                |                  |                    |
                +---- refused -----+------- Failed -----+------------> failed

   Each stage sends one request, and runs through the same phases until its reply counts:

     phase:   PAUSE --timer--> TOKEN --token--> FLIGHT --reply--> next stage, or DONE
                ^                                  |
                +--- retry, throttled, running ----+

   A token in hand skips TOKEN; a sleep is one PAUSE; a resumed operation begins with POLL.
   `proceed` moves an operation on, `trouble` decides what a failed sending leads to,
   `finish` is the only end. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "activity.h"
#include "challenge.h"
#include "client.h"
#include "container.h"
#include "exchange.h"
#include "op.h"
#include "pace.h"
#include "platform.h"
#include "request.h"
#include "text.h"
#include "transport.h"
#include "url.h"

/* Jitter: operations that began together, also in several programs, must not poll together. */
static const double OWN_JITTER = 0.1;           /* at most this part of our own pace is added */
static const double ASKED_JITTER = 0.02;        /* the same for a Retry-After ... */
static const double ASKED_JITTER_FROM = 5;      /* ... of so many seconds and more */
static const double MAX_THROTTLED = 600;        /* seconds that one request obeys 429 */
static const double MIN_TIME_TO_SEND = 0.01;    /* seconds; with less left nothing is sent */
static const double STATUS_MAY_BE_LATE = 60;    /* seconds in which a status URL may answer 404 */

enum { MAX_REDIRECTS = 10, OUR_HEADERS = 8, PASSING = 503 };

struct Op {
  Loop   *loop;
  Client *client;             /* NULL: a sleep */
  Stage   stage;
  Phase   phase;

  /* The request. Its method and URL are the lro's: they are stored once. */
  Lro     lro;
  Fold    fold;               /* what lro.poll_url lacks during a pause */
  char   *label, *body;
  size_t  body_len;
  char  **headers;            /* ends with NULL */
  char    request_id[MAX_REQUEST_ID];
  double  deadline;           /* until the service has answered; 0: none */
  unsigned follow : 1;        /* poll it to its end */
  unsigned token_only : 1;    /* end when there is a token, send nothing */
  unsigned cautious : 1;      /* repeat it only after a refusal that proves that nothing ran */

  /* What was tried in this stage. */
  int     attempts;           /* sendings; of polls, those that failed in a row */
  int     redirects;          /* followed */
  char   *detour;             /* where the last redirect led; NULL: the stage's own URL */
  double  throttled_at;       /* when 429 came first; 0: it did not */
  unsigned token_renewed : 1;      /* the service has refused a token once */
  unsigned token_challenged : 1;   /* the service has demanded further claims once */

  /* Polls. */
  int     polls;
  double  pace;               /* seconds of the last pause of our own */
  double  accepted_at;
  unsigned paced_by_service : 1;   /* the service said when to poll next */
  unsigned polls_on_demand : 1;    /* the owner says when to poll */
  unsigned poll_due : 1;           /* a poll on demand could be sent now */
  unsigned poll_wanted : 1;        /* the owner has asked for one poll */
  unsigned watch_polls : 1;        /* each poll is an event */

  /* What it waits for. */
  Timer   timer;
  TokenWait token;
  Transfer *transfer;
  double  sent_at;
  ThrottleScope *scope;       /* its throttling budget; NULL before there is a token */
  unsigned waits_for_budget : 1;

  /* What came of it. */
  Reply   reply;
  int     first_status;       /* of the reply that accepted it; 0: not yet */
  Buf     first_body;
  Error   error;
  unsigned accepted : 1, failed : 1;

  Notice  notice;
  OpDone *listener;           /* NULL: the loop's owner gets events */
  void   *context, *owner;
};

static Op *op_of_timer(Timer *timer) { return container_of(timer, Op, timer); }
static Op *op_of_token(TokenWait *wait) { return container_of(wait, Op, token); }
static void proceed(Op *op);

/* -- the request of the stage ------------------------------------------------------------------ */

static const char *stage_method(const Op *op) {
  return op->stage == STAGE_FIRST ? op->lro.method : "GET";
}

static const char *stage_url(const Op *op) {
  if (op->detour) return op->detour;
  if (op->stage == STAGE_FIRST) return op->lro.original_url;
  return op->stage == STAGE_POLL ? op->lro.poll_url : lro_final_url(&op->lro);
}

static int changes_something(const char *method) {
  return !text_equal(method, "GET") && !text_equal(method, "HEAD");
}

/* Move a reply; from is empty afterwards. */
static void move_reply(Reply *to, Reply *from) {
  *to = *from;
  memset(from, 0, sizeof *from);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void tell(Op *op) {
  if (op->listener) {
    if (op->phase == PHASE_DONE) op->listener(op, op->context);
  } else {
    loop_notify(op->loop, &op->notice);
  }
}

/* Return what observers see of the request of the stage. */
static Exchange exchange_of(const Op *op) {
  static const char *const events[] = {
    [STAGE_FIRST] = "request", [STAGE_POLL] = "poll", [STAGE_FINAL] = "result"
  };
  return (Exchange){
    .client = op->client,
    .headers = (const char *const *)op->headers,
    .body = op->body,
    .body_len = op->body_len,
    .has_body = op->stage == STAGE_FIRST,
    .sent_at = op->sent_at,
    .line = {
      .event = op->client->secret ? "token" : events[op->stage],
      .method = stage_method(op),
      .url = stage_url(op),
      .attempt = op->attempts,
      .client_request_id = op->request_id
    }
  };
}

/* Hide the secrets in op->error: a server may echo what it got. */
static void mask_error(Op *op) {
  Secrets secrets;
  Exchange exchange = exchange_of(op);
  exchange_secrets(&exchange, &secrets);
  error_mask(&op->error, &secrets);
  secrets_clear(&secrets);
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

/* End with op->error. */
static void fail(Op *op) {
  mask_error(op);
  op->failed = 1;
  finish(op);
}

static void fail_for_memory(Op *op) {
  error_set(&op->error, ERROR_TRANSPORT, "OutOfMemory",
            "there is not enough memory to send a request");
  fail(op);
}

/* -- pauses ------------------------------------------------------------------------------------ */

/* Continue after a pause. A poll on demand has no further timer: its owner asks for it, so that
   10,000 pending operations cost nothing. */
static void end_pause(Timer *timer) {
  Op *op = op_of_timer(timer);
  op->poll_due = op->stage == STAGE_POLL && op->polls_on_demand && !op->poll_wanted;
  if (!op->poll_due) proceed(op);
}

static void pause_for(Op *op, double seconds) {
  op->phase = PHASE_PAUSE;
  if (op->stage == STAGE_POLL) fold_url(&op->client->parts, &op->fold, &op->lro.poll_url);
  loop_timer(op->loop, &op->timer, loop_now(op->loop) + seconds, end_pause);
}

static double random_fraction(void) {
  unsigned number = 0;
  if (platform_random(&number, sizeof number) != 0) return 0.5;
  return (double)number / 4294967296.0;
}

static double own_pause(Op *op) {
  if (op->client->poll_interval >= 0) return op->client->poll_interval;
  op->pace = pace_after(&pace_default, op->pace);
  return op->pace * (1 + OWN_JITTER * random_fraction());
}

/* Add jitter after a Retry-After, never before it; none to a short one. */
static double asked_pause(double after) {
  return after < ASKED_JITTER_FROM ? after : after * (1 + ASKED_JITTER * random_fraction());
}

static void poll_later(Op *op, const Reply *reply) {
  double after = retry_after(&reply->headers, time(NULL));
  op->stage = STAGE_POLL;
  op->paced_by_service = after > 0;
  pause_for(op, op->paced_by_service ? asked_pause(after) : own_pause(op));
}

static int is_out_of_time(const Op *op, double pause) {
  if (op->deadline <= 0 || op->stage != STAGE_FIRST) return 0;
  return loop_now(op->loop) + pause + MIN_TIME_TO_SEND >= op->deadline;
}

/* -- trouble ----------------------------------------------------------------------------------- */

static int status_is_late(const Op *op) {
  return op->error.status == 404 && loop_now(op->loop) - op->accepted_at < STATUS_MAY_BE_LATE;
}

static int is_worth_another_poll(const Op *op) {
  int status = op->error.status;
  if (op->error.kind == ERROR_TRANSPORT) return 1;
  return status == 408 || status == 429 || status >= 500 || status_is_late(op);
}

static double poll_retry_delay(const Op *op, const Attempt *attempt) {
  double delay = retry_delay(&op->client->retry, attempt, random_fraction());
  int capped = op->error.status == 404 && delay > pace_default.last;
  return capped ? pace_default.last : delay;
}

/* Pause before the next try. The traffic counts the pause when the service throttles. */
static void pause_after_trouble(Op *op, double delay) {
  double now = loop_now(op->loop);
  if (op->error.status == 429) traffic_hold(loop_traffic(op->loop), now, now + delay);
  pause_for(op, delay);
}

/* Poll again after a failed poll: the operation itself may still succeed. The caller of wait sets
   the time limit. */
static void poll_failed(Op *op, const Attempt *attempt) {
  if (is_worth_another_poll(op)) {
    mask_error(op);
    if (op->watch_polls) tell(op);
    pause_after_trouble(op, poll_retry_delay(op, attempt));
  } else {
    op->error.outcome_unknown = 1;
    fail(op);
  }
}

/* Do not count a try that got a 429 with Retry-After, for MAX_THROTTLED seconds at most. */
static void forgive_throttling(Op *op) {
  double now = loop_now(op->loop);
  if (op->error.status != 429 || op->error.retry_after <= 0) return;
  if (op->throttled_at == 0) op->throttled_at = now;
  if (now - op->throttled_at < MAX_THROTTLED) op->attempts--;
}

/* Return the status that decides about a retry: 503 for every refusal that passes by itself. */
static int effective_status(const Op *op) {
  int (*is_passing)(const Reply *) = op->client->is_passing;
  int passes = op->error.kind == ERROR_HTTP && is_passing && is_passing(&op->reply);
  return passes ? PASSING : op->error.status;
}

/* Return 1 if the service may have executed the request without reporting success. */
static int may_have_run(const Op *op, int sent) {
  if (op->stage != STAGE_FIRST || !changes_something(op->lro.method)) return 0;
  if (op->error.kind == ERROR_TRANSPORT) return sent;
  return op->error.status == 408 || (op->error.status >= 500 && op->error.status != 503);
}

/* Send again, pause first, or give up; op->error says what happened. */
static void trouble(Op *op, int sent, int is_permanent) {
  forgive_throttling(op);
  const RetryPolicy *policy = &op->client->retry;
  Attempt attempt = {
    .method = stage_method(op), .number = op->attempts, .status = effective_status(op),
    .permanent = is_permanent, .sent = sent, .after = op->error.retry_after,
    .cautious = op->cautious && op->stage == STAGE_FIRST
  };
  if (op->stage == STAGE_POLL) {
    poll_failed(op, &attempt);
    return;
  }
  double delay = retry_delay(policy, &attempt, random_fraction());
  if (retry_may(policy, &attempt) && !is_out_of_time(op, delay)) {
    pause_after_trouble(op, delay);
    return;
  }
  op->error.outcome_unknown = may_have_run(op, sent);
  fail(op);
}

static void no_reply(Op *op, const Outcome *outcome) {
  const TransportFault *fault = transport_fault(outcome->result);
  const char *what = outcome->reply->status ? "no whole answer" : "no answer";
  char *shown = url_origin(stage_url(op));
  error_set(&op->error, ERROR_TRANSPORT, fault->code, "%s from %s: %s", what,
            shown ? shown : "the service", outcome->message);
  free(shown);
  trouble(op, outcome->sent, fault->is_permanent);
}

static void refused(Op *op) {
  const Credential *credential = op->client->credential;
  error_from_reply(&op->error, &op->reply);
  if (credential) credential = credential_served(credential);
  if (credential && op->reply.status == 401) op->error.credential = credential_kind(credential);
  trouble(op, 1, 0);
}

/* -- where a reply points ---------------------------------------------------------------------- */

/* Return 1 when a token may be sent to url; else set op->error. */
static int may_follow(Op *op, const char *url) {
  if (!url || client_allows(op->client, url)) return 1;
  char *origin = url_origin(url);
  error_set(&op->error, ERROR_PROTOCOL, "ForeignUrl",
            "the service points to %s, which is not the origin of %s: refused, because the token "
            "would go there (allow_hosts permits it)",
            origin ? origin : "something that is not a URL", op->client->endpoint);
  free(origin);
  op->error.outcome_unknown = 1;
  return 0;
}

/* Return 1 if a redirect keeps the request's method. Other redirects are not followed. */
static int repeats_request(int status, const char *method) {
  if (status == 307 || status == 308) return 1;
  return !changes_something(method) && (status == 301 || status == 302 || status == 303);
}

static void redirect_refused(Op *op, const char *url) {
  char *shown = url ? url_redacted(url) : NULL;
  const char *reason = op->redirects == MAX_REDIRECTS ? ": there were too many already" : "";
  int status = op->reply.status;
  error_set(&op->error, ERROR_PROTOCOL, "Redirected",
            "the service answered with a redirect (HTTP %d) to %s, which is not followed%s",
            status, shown ? shown : "nowhere", reason);
  free(shown);
  op->error.status = status;
  /* 303 says that the request was carried out and where its result is */
  op->error.outcome_unknown = op->stage == STAGE_POLL
    || (status == 303 && op->stage == STAGE_FIRST && changes_something(op->lro.method));
  fail(op);
}

static void redirected(Op *op) {
  const char *location = headers_get(&op->reply.headers, "location");
  char *url = location ? url_resolve(stage_url(op), location) : NULL;
  int status = op->reply.status;
  if (!url || op->redirects == MAX_REDIRECTS || !repeats_request(status, stage_method(op))) {
    redirect_refused(op, url);
  } else if (!may_follow(op, url)) {
    op->error.status = status;
    op->error.outcome_unknown = op->stage != STAGE_FIRST;      /* a 307 comes before anything ran */
    fail(op);
  } else {
    op->redirects++;
    free(op->detour);
    op->detour = url;
    proceed(op);
    return;
  }
  free(url);
}

static void end_detour(Op *op) {
  free(op->detour);
  op->detour = NULL;
  op->redirects = 0;
}

/* -- replies that count ------------------------------------------------------------------------ */

static void fetch_result(Op *op) {
  const char *url = lro_final_url(&op->lro);
  if (!url) {
    succeed(op);
  } else if (!may_follow(op, url)) {
    fail(op);
  } else {
    op->stage = STAGE_FINAL;
    op->attempts = 0;
    proceed(op);
  }
}

static void follow(Op *op, LroOutcome outcome, const Reply *reply) {
  switch (outcome) {
    case LRO_RUNNING:
      if (may_follow(op, op->lro.poll_url)) poll_later(op, reply);
      else fail(op);
      break;
    case LRO_SUCCEEDED: fetch_result(op); break;
    default: fail(op);
  }
}

/* Free what polls do not need: 10,000 operations may be pending. A label stands for the URL. */
static void forget_request(Op *op) {
  text_list_free(op->headers);
  free(op->body);
  op->headers = NULL;
  op->body = NULL;
  op->body_len = 0;
  if (op->label) lro_forget_url(&op->lro);
}

static void accepted(Op *op) {
  if (!op->follow) {
    succeed(op);
    return;
  }
  LroOutcome outcome = lro_first(&op->lro, &op->reply, &op->error);
  int has_result = outcome == LRO_SUCCEEDED && lro_final_url(&op->lro);
  op->accepted_at = loop_now(op->loop);
  op->attempts = 0;
  if (outcome != LRO_RUNNING && !has_result) {
    follow(op, outcome, &op->reply);
    return;
  }
  Reply first;
  move_reply(&first, &op->reply);
  op->first_status = first.status;
  op->first_body = first.body;
  op->accepted = 1;
  tell(op);
  follow(op, outcome, &first);
  headers_clear(&first.headers);      /* the body stays, as first_body */
  if (op->stage == STAGE_POLL) forget_request(op);
}

static void polled(Op *op) {
  error_clear(&op->error);
  op->attempts = 0;
  op->poll_wanted = 0;
  op->polls++;
  LroOutcome outcome = lro_poll(&op->lro, &op->reply, &op->error);
  if (outcome != LRO_RUNNING) {
    follow(op, outcome, &op->reply);
    return;
  }
  Reply poll;
  if (op->watch_polls) tell(op);
  move_reply(&poll, &op->reply);
  follow(op, outcome, &poll);
  reply_clear(&poll);
}

/* -- tokens that were refused ------------------------------------------------------------------ */

static int renew_token(Op *op) {
  if (op->token_renewed) return 0;
  op->token_renewed = 1;
  token_refused(op->client->credential, op->client->scope, &op->token);
  return 1;
}

static int renew_token_with(Op *op, const char *claims) {
  if (op->token_challenged) return 0;
  op->token_challenged = 1;
  token_challenged(op->client->credential, op->client->scope, &op->token, claims);
  return 1;
}

/* After a 401, ask for another token if that may help. Each remedy is tried once. */
static int another_token_may_help(Op *op) {
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

/* -- the throttling budget --------------------------------------------------------------------- */

static ThrottleKind budget_kind(const Op *op) { return throttle_kind(stage_method(op)); }

static void count_answer(const Op *op) { throttle_answered(op->scope, budget_kind(op)); }

static void note_budget(const Op *op) {
  const Headers *headers = &op->reply.headers;
  double now = loop_now(op->loop);
  double after = op->reply.status == 429 ? retry_after(headers, time(NULL)) : 0;
  throttle_note(op->scope, budget_kind(op), headers, op->sent_at, now);
  if (after > 0) throttle_hold(op->scope, budget_kind(op), now + after);
}

/* Return 1 when the request may go out; else set *wait to the seconds after which to ask again.
   The scope is looked up late: a token tells the principal. */
static int take_budget(Op *op, double *wait) {
  const char *url = op->lro.original_url;
  if (!op->scope && url) op->scope = client_throttle_scope(op->client, url);
  int may = throttle_take(op->scope, budget_kind(op), loop_now(op->loop), op->waits_for_budget,
                          wait);
  op->waits_for_budget = !may;
  return may;
}

static void leave_budget(Op *op) {
  if (op->waits_for_budget) throttle_leave(op->scope, budget_kind(op));
  op->waits_for_budget = 0;
}

/* Wait as long as the budget asks: a request that is sent earlier only prolongs the wait. */
static void wait_for_budget(Op *op, double wait) {
  int is_short = wait <= op->client->retry.max_delay && !is_out_of_time(op, wait);
  double now = loop_now(op->loop);
  if (op->stage == STAGE_POLL || is_short) {
    traffic_hold(loop_traffic(op->loop), now, now + wait);
    pause_for(op, wait);
    return;
  }
  leave_budget(op);
  error_set(&op->error, ERROR_HTTP, "TooManyRequests",
            "the service throttles this account: it asked for no further request for %.0f s", wait);
  op->error.status = 429;
  op->error.retry_after = wait;
  fail(op);
}

/* -- the reply --------------------------------------------------------------------------------- */

static void replied(Op *op) {
  note_budget(op);
  if (another_token_may_help(op)) {
    proceed(op);
    return;
  }
  if (op->reply.status >= 400) {
    refused(op);
    return;
  }
  op->token_renewed = op->token_challenged = 0;
  if (op->reply.status >= 300) {
    redirected(op);
    return;
  }
  end_detour(op);
  if (op->stage == STAGE_FIRST) accepted(op);
  else if (op->stage == STAGE_POLL) polled(op);
  else succeed(op);
}

static void transferred(void *owner, const Outcome *outcome) {
  Op *op = owner;
  Exchange exchange = exchange_of(op);
  op->transfer = NULL;
  count_answer(op);
  exchange_ended(&exchange, outcome);
  reply_clear(&op->reply);
  if (outcome->result != CURLE_OK) {
    no_reply(op, outcome);
    return;
  }
  move_reply(&op->reply, outcome->reply);
  replied(op);
}

/* -- sending ----------------------------------------------------------------------------------- */

static void list_headers(const Op *op, const char **lines, const char *id_line) {
  int is_first = op->stage == STAGE_FIRST, has_type = 0, has_accept = 0;
  *lines++ = id_line;
  *lines++ = "x-ms-return-client-request-id: true";
  for (char **line = op->headers; is_first && line && *line; line++) {
    has_type |= text_starts(*line, "content-type:");
    has_accept |= text_starts(*line, "accept:");
    *lines++ = *line;
  }
  if (!has_accept) *lines++ = "Accept: application/json";
  if (is_first && op->body && !has_type) *lines++ = "Content-Type: application/json";
  *lines = NULL;
}

static double time_to_send(const Op *op) {
  double limit = op->client->request_timeout;
  if (op->deadline > 0 && op->stage == STAGE_FIRST) {
    double left = op->deadline - loop_now(op->loop);
    if (left < limit) limit = left;
  }
  return limit > 0.001 ? limit : 0.001;
}

static void send_request(Op *op, const char *authorization) {
  const char *lines[MAX_HEADERS + OUR_HEADERS];
  char id_line[MAX_REQUEST_ID + 32];
  int is_first = op->stage == STAGE_FIRST;
  Route other = { 0 };
  snprintf(id_line, sizeof id_line, "x-ms-client-request-id: %s", op->request_id);
  list_headers(op, lines, id_line);
  Sending sending = {
    .route = client_route(op->client, stage_url(op), &other),
    .method = stage_method(op),
    .url = stage_url(op),
    .headers = lines,
    .authorization = authorization,
    .body = is_first ? op->body : NULL,
    .body_len = is_first ? op->body_len : 0,
    .timeout = time_to_send(op),
    .secret = op->client->secret
  };
  op->attempts++;
  op->sent_at = loop_now(op->loop);
  op->phase = PHASE_FLIGHT;
  Exchange exchange = exchange_of(op);
  exchange_sent(&exchange);
  op->transfer = transfer_start(op->loop, &sending, transferred, op);
  free(other.origin);
  if (op->transfer) return;
  count_answer(op);
  fail_for_memory(op);
}

static void token_came(TokenWait *wait, const Error *error) {
  Op *op = op_of_token(wait);
  if (!error) {
    proceed(op);
    return;
  }
  error_copy(&op->error, error);
  if (!op->error.credential) op->error.credential = credential_kind(op->client->credential);
  op->error.outcome_unknown = 0;      /* that of the request for a token: this one was not sent */
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
  error_set(&op->error, ERROR_CREDENTIAL, "RequestTimeout",
            "the %s credential brought no token in time", credential_kind(op->client->credential));
  fail(op);
}

static void wait_for_token(Op *op) {
  op->phase = PHASE_TOKEN;
  if (op->deadline > 0 && op->stage == STAGE_FIRST)
    loop_timer(op->loop, &op->timer, op->deadline, token_is_late);
}

/* Fail a request that waits for the token which it is itself sent to get. */
static int waits_for_itself(Op *op) {
  const Client *client = op->client;
  if (!token_hangs_on(client->credential, client->scope, &op->token, op->token.within)) return 0;
  error_set(&op->error, ERROR_CREDENTIAL, "OwnCredential",
            "the credential's function waits for a request that needs the very token it is asked "
            "for: give that request another credential");
  fail(op);
  return 1;
}

/* Send the stage's request, or wait for what it lacks: a token, then a share of the budget. */
static void proceed(Op *op) {
  Client *client = op->client;
  const char *authorization = NULL;
  double wait;
  loop_timer_stop(op->loop, &op->timer);
  if (!fold_open(&client->parts, &op->fold, &op->lro.poll_url)) {
    fail_for_memory(op);
    return;
  }
  if (client->credential) {
    if (waits_for_itself(op)) return;
    if (!token_header(client->credential, client->scope, &op->token, &authorization)) {
      fail_for_memory(op);
      return;
    }
    if (!authorization) {
      wait_for_token(op);
      return;
    }
  }
  if (op->token_only) succeed(op);
  else if (take_budget(op, &wait)) send_request(op, authorization);
  else wait_for_budget(op, wait);
}

/* -- birth and death --------------------------------------------------------------------------- */

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

static char *copy_bytes(const char *bytes, size_t len) {
  char *copy = malloc(len + 1);
  if (copy) {
    memcpy(copy, bytes, len);
    copy[len] = '\0';
  }
  return copy;
}

/* Return the whole label; NULL: there is none, or no memory. */
static char *label_of(const Request *request) {
  if (!request->label || !request->subject) return text_copy(request->label);
  size_t len = strlen(request->label);
  char *label = text_join(request->label, len + 1, request->subject);
  if (label) label[len] = ' ';      /* in place of the NUL */
  return label;
}

/* Copy what the caller lent; the operation owns the URL. Return 0 when memory is short. */
static int copy_request(Op *op, const Request *request, char *url) {
  lro_init(&op->lro, request->method, NULL, request->final_state);
  op->lro.original_url = url;
  op->lro.poll_query = text_copy(request->poll_query);
  op->label = label_of(request);
  op->headers = text_list_copy(request->headers);
  if (request->body) {
    op->body = copy_bytes(request->body, request->body_len);
    op->body_len = request->body_len;
  }
  op->follow = request->follow || request->resume;
  op->token_only = request->token_only;
  op->cautious = request->cautious;
  op->token.within = request->within;
  op->token.tenant = op->client->tenant_id;
  if (request->timeout > 0) op->deadline = loop_now(op->loop) + request->timeout;
  if (request->request_id)
    snprintf(op->request_id, sizeof op->request_id, "%s", request->request_id);
  else
    loop_guid(op->loop, op->request_id);
  return op->lro.method && text_is_copied(op->label, request->label)
    && text_is_copied(op->lro.poll_query, request->poll_query)
    && text_list_is_copied(op->headers, request->headers)
    && text_is_copied(op->body, request->body);
}

static int resume(Op *op, const Lro *from) {
  Lro *lro = &op->lro;
  lro->mode = from->mode;
  lro->poll_url = text_copy(from->poll_url);
  lro->location = text_copy(from->location);
  lro->resource_location = text_copy(from->resource_location);
  if (from->poll_query) text_set(&lro->poll_query, from->poll_query);
  lro->status = text_copy(from->status);
  op->stage = STAGE_POLL;
  op->accepted = 1;
  return lro->poll_url && text_is_copied(lro->location, from->location)
    && text_is_copied(lro->resource_location, from->resource_location)
    && text_is_copied(lro->poll_query, from->poll_query)
    && text_is_copied(lro->status, from->status);
}

Op *op_request(Client *client, const Request *request, Error *error) {
  Op *op = NULL;
  char *url = request_url(client, request);
  if (!url) goto no_memory;
  if (!request_check(client, request, url, error)) goto fail;
  op = op_new(client->loop);
  if (!op) goto no_memory;
  op->client = client_ref(client);
  int is_copied = copy_request(op, request, url);
  url = NULL;
  if (!is_copied || (request->resume && !resume(op, request->resume))) goto no_memory;
  pause_for(op, 0);      /* it begins when the loop turns: by then its owner holds it */
  return op;

no_memory:
  error_set(error, ERROR_TRANSPORT, "OutOfMemory", "there is not enough memory for a request");
fail:
  free(url);
  op_free(op);
  return NULL;
}

static void end_sleep(Timer *timer) { finish(op_of_timer(timer)); }

Op *op_sleep(Loop *loop, double seconds) {
  Op *op = op_new(loop);
  if (!op) return NULL;
  op->phase = PHASE_PAUSE;
  loop_timer(loop, &op->timer, loop_now(loop) + (seconds > 0 ? seconds : 0), end_sleep);
  return op;
}

static void free_request(Op *op) {
  int is_secret = op->client && op->client->secret;
  for (char **line = op->headers; is_secret && line && *line; line++)
    explicit_bzero(*line, strlen(*line));
  text_list_free(op->headers);
  if (is_secret) text_wipe(op->body);      /* a form with a secret holds no NUL */
  else free(op->body);
  free(op->detour);
  free(op->label);
  if (op->client) fold_clear(&op->client->parts, &op->fold);
  lro_clear(&op->lro);
}

void op_free(Op *op) {
  if (!op) return;
  if (op->transfer) {
    count_answer(op);
    transfer_cancel(op->transfer);
  }
  leave_budget(op);
  token_forget(&op->token);
  loop_timer_stop(op->loop, &op->timer);
  loop_unnotify(&op->notice);
  if (op->client && op->client->secret) buf_wipe(&op->reply.body);
  buf_clear(&op->first_body);
  reply_clear(&op->reply);
  error_clear(&op->error);
  free_request(op);
  client_unref(op->client);
  free(op);
}

/* -- polls on demand --------------------------------------------------------------------------- */

static void send_due_poll(Op *op) {
  if (!op->poll_due) return;
  op->poll_due = 0;
  op->poll_wanted = 1;
  pause_for(op, 0);
}

void op_hold(Op *op, int on) {
  op->polls_on_demand = on;
  if (!on) send_due_poll(op);
}

void op_poll_now(Op *op) {
  op->poll_wanted = op->polls_on_demand;
  send_due_poll(op);
}

double op_next_poll(const Op *op, int *paced) {
  *paced = op->paced_by_service;
  if (op->stage != STAGE_POLL || op->phase != PHASE_PAUSE || op->poll_due) return -1;
  double left = op->timer.due - loop_now(op->loop);
  return left > 0 ? left : 0;
}

/* -- looking at one ---------------------------------------------------------------------------- */

void op_listen(Op *op, OpDone *done, void *context) {
  op->listener = done;
  op->context = context;
}

void  op_watch_polls(Op *op, int on) { op->watch_polls = on; }
void  op_set_owner(Op *op, void *owner) { op->owner = owner; }
void *op_owner(const Op *op) { return op->owner; }

int op_accepted(const Op *op) { return op->accepted; }

int op_unanswered(const Op *op) {
  return op->client && op->stage == STAGE_FIRST && op->phase == PHASE_FLIGHT;
}

int op_done(const Op *op) { return op->phase == PHASE_DONE; }
int op_polls(const Op *op) { return op->polls; }

const char  *op_request_id(const Op *op) { return op->request_id; }
const Reply *op_reply(const Op *op) { return &op->reply; }
const Error *op_error(const Op *op) { return op->error.kind == ERROR_NONE ? NULL : &op->error; }
const char  *op_status(const Op *op) { return op->follow ? op->lro.status : NULL; }

int op_is_polled(const Op *op) {
  return op->follow && op->lro.mode != LRO_NONE && op->lro.poll_url;
}

int op_progress(const Op *op, Lro *progress) {
  if (!op_is_polled(op)) return 0;
  *progress = op->lro;
  progress->poll_url = fold_whole(&op->fold, op->lro.poll_url);
  return progress->poll_url != NULL;
}

int op_waits_for(const Op *op, unsigned long question) {
  if (!op->client || op->phase != PHASE_TOKEN) return 0;
  return token_hangs_on(op->client->credential, op->client->scope, &op->token, question);
}

int op_first_reply(const Op *op, Reply *first) {
  *first = (Reply){ .status = op->first_status, .body = op->first_body };
  return op->first_status != 0;
}

char *op_describe(const Op *op) {
  double left = op->timer.is_running ? op->timer.due - loop_now(op->loop) : 0;
  Activity activity = {
    .stage = op->stage, .phase = op->phase,
    .label = op->label, .method = op->lro.method, .url = op->lro.original_url,
    .failure = op->failed ? op->error.code : NULL,
    .attempts = op->attempts, .polls = op->polls, .is_held = op->poll_due,
    .left = left > 0 ? left : 0
  };
  return activity_text(&activity);
}
