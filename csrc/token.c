/* token.c: cache access tokens, renew them early, and fetch each token once for all waiters. Only
   this file keeps tokens in memory; the credentials of csrc/credential/ fetch them. */

#include <stdlib.h>
#include <string.h>

#include "jwt.h"
#include "loop.h"
#include "question.h"
#include "text.h"
#include "token.h"

/* All in seconds. */
static const double LEAST_LEFT = 30;         /* wait for a new token if less is left */
static const double RENEW_AHEAD = 300;       /* renew this long before the expiry */
static const double RENEW_AGAIN = 30;        /* between failed renewals */
static const double UNKNOWN_LIFE = 3600;     /* of a token without expiry; the service refuses it */
static const char BEARER[] = "Authorization: Bearer ";

struct Token {
  Token *next;
  Credential *credential;
  char  *scope, *tenant;     /* tenant NULL: the credential's own */
  char  *header;             /* shared with the requests that send it; NULL: no token yet */
  double renew_at, ends_at;
  int    has_expiry;         /* ends_at is that of the token, not UNKNOWN_LIFE from its arrival */
  double due_at;             /* the first renewal; renew_at moves on when it fails */
  unsigned generation;       /* counts the tokens */
  unsigned long within;      /* of the client that caused the running fetch */
  char  *claims;             /* for the next fetch; NULL: no claims */
  int    fetching;
  Timer  start;              /* starts the fetch in the next turn, for all waiters */
  Fetch  fetch;
  Ring   waiting;            /* head of the TokenWaits */
};

static void token_free(Token *token) {
  text_unshare(token->header);
  free(token->claims);
  free(token->scope);
  free(token->tenant);
  free(token);
}

static Token *find(Credential *credential, const char *scope, const char *tenant) {
  Token *token = credential->tokens;
  while (token && (strcmp(token->scope, scope) != 0 || !text_equal(token->tenant, tenant)))
    token = token->next;
  return token;
}

/* Return the token for a scope and tenant, and create it at the first call. NULL: no memory. */
static Token *obtain(Credential *credential, const char *scope, const char *tenant) {
  Token *token = find(credential, scope, tenant);
  if (token) return token;
  token = calloc(1, sizeof *token);
  if (!token) return NULL;
  token->scope = text_copy(scope);
  token->tenant = text_copy(tenant);
  if (!token->scope || !text_is_copied(token->tenant, tenant)) {
    token_free(token);
    return NULL;
  }
  token->credential = credential;
  ring_init(&token->waiting);
  token->next = credential->tokens;
  return credential->tokens = token;
}

static double life_of(const Grant *grant) {
  return grant->expires_in > 0 ? grant->expires_in : UNKNOWN_LIFE;
}

double grant_refresh_in(const Grant *grant) {
  double life = life_of(grant), ahead = life / 2 < RENEW_AHEAD ? life / 2 : RENEW_AHEAD;
  return grant->refresh_in > 0 && grant->refresh_in < life ? grant->refresh_in : life - ahead;
}

/* Return 0 when memory is short: the old token stays. */
static int keep(Token *token, const Grant *grant) {
  double now = loop_now(token->credential->loop);
  char *header = text_shared_new(BEARER, grant->token);
  if (!header) return 0;
  text_unshare(token->header);
  token->header = header;
  token->generation++;
  token->ends_at = now + life_of(grant);
  token->has_expiry = grant->expires_in > 0;
  token->renew_at = token->due_at = now + grant_refresh_in(grant);
  return 1;
}

/* Wake the waiters. A waiter that waits again during the call is not woken in this round. */
static void wake_waiters(Token *token, const Error *error) {
  Ring round;
  ring_init(&round);
  ring_move(&round, &token->waiting);
  while (!ring_is_empty(&round)) {
    TokenWait *wait = container_of(round.next, TokenWait, place);
    token_forget(wait);
    wait->ready(wait, error);
  }
}

static void renew(Token *token, unsigned long within);

/* Return 1 if the service demanded claims while a fetch without them was running: its token does
   not help the waiters. */
static int lacks_claims(const Token *token, const Fetch *fetch) {
  return token->claims && !fetch->claims;
}

static void fetched(Fetch *fetch, const Grant *grant, const Error *error) {
  Token *token = container_of(fetch, Token, fetch);
  Error bad = { 0 };
  token->fetching = 0;
  if (grant && lacks_claims(token, fetch)) {
    renew(token, token->within);
    return;
  }
  text_set(&token->claims, NULL);
  if (grant && !text_is_token(grant->token)) {
    error_set(&bad, ERROR_CREDENTIAL, "InvalidToken",
              "the %s credential brought a token that is empty or holds characters no token has",
              token->credential->kind->name);
    error = &bad;
  }
  if (!error && !keep(token, grant)) {
    error_set(&bad, ERROR_CREDENTIAL, "OutOfMemory", "there is not enough memory for a token");
    error = &bad;
  }
  /* After an error keep the old token, which may still be valid. */
  if (error) token->renew_at = loop_now(token->credential->loop) + RENEW_AGAIN;
  wake_waiters(token, error);
  error_clear(&bad);
}

static void start_fetch(Timer *timer) {
  Token *token = container_of(timer, Token, start);
  token->fetching = 1;
  token->fetch = (Fetch){
    .credential = token->credential, .scope = token->scope, .tenant = token->tenant,
    .claims = token->claims, .stale = token->header ? token->header + sizeof BEARER - 1 : NULL,
    .done = fetched, .root = token, .within = token->within
  };
  fetch_start(&token->fetch);
}

static void renew(Token *token, unsigned long within) {
  Loop *loop = token->credential->loop;
  if (token->fetching || token->start.is_running) return;
  token->within = within;
  loop_timer(loop, &token->start, loop_now(loop), start_fetch);
}

/* Return 1 if a token can be sent. A token that has little time left is sent only if that is most
   of its life, so that it is not yet due for renewal. */
static int is_valid(const Token *token, double now) {
  double life_left = token->ends_at - now;
  return token->header && life_left > 0 && (life_left > LEAST_LEFT || now < token->due_at);
}

int token_header(Credential *credential, const char *scope, TokenWait *wait, const char **header) {
  Token *token = obtain(credential, scope, wait->tenant);
  *header = NULL;
  if (!token) return 0;
  double now = loop_now(credential->loop);
  int good = is_valid(token, now);
  if (!good || now >= token->renew_at) renew(token, wait->within);
  wait->generation = token->generation;
  if (good) *header = token->header;
  else ring_add(&token->waiting, &wait->place);
  return 1;
}

int token_hangs_on(Credential *credential, const char *scope, const TokenWait *wait,
                   unsigned long question) {
  const Token *token = question ? find(credential, scope, wait->tenant) : NULL;
  if (!token || !token->fetching || is_valid(token, loop_now(credential->loop))) return 0;
  return question_depends(credential->loop, question, &token->fetch);
}

Fetch fetch_part(const Fetch *whole, Credential *credential, FetchDone *done) {
  Fetch part = {
    .credential = credential, .scope = whole->scope, .tenant = whole->tenant,
    .claims = whole->claims, .stale = whole->stale,
    .done = done, .root = whole->root, .within = whole->within
  };
  return part;
}

void fetch_fail(Fetch *fetch, ErrorKind kind, const char *code, const char *format, ...) {
  Error error = { 0 };
  va_list args;
  va_start(args, format);
  error_set_list(&error, kind, code, format, args);
  va_end(args);
  error.credential = credential_kind(fetch->credential);
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

void fetch_fail_for_memory(Fetch *fetch) {
  fetch_fail(fetch, ERROR_CREDENTIAL, "OutOfMemory", "there is not enough memory to get a token");
}

void fetch_start(Fetch *fetch) {
  const CredentialKind *kind = fetch->credential->kind;
  if (!fetch->tenant || kind->takes_tenant) kind->fetch(fetch->credential, fetch);
  else fetch_fail(fetch, ERROR_UNAVAILABLE, "TenantNotAllowed",
                  "the %s credential knows one tenant only, and cannot fetch a token of '%s'",
                  kind->name, fetch->tenant);
}

void token_forget(TokenWait *wait) { ring_remove(&wait->place); }

void token_refused(Credential *credential, const char *scope, const TokenWait *wait) {
  Token *token = find(credential, scope, wait->tenant);
  if (token && token->generation == wait->generation) token->ends_at = 0;
}

void token_challenged(Credential *credential, const char *scope, const TokenWait *wait,
                      const char *claims) {
  Token *token = find(credential, scope, wait->tenant);
  if (!token || token->generation != wait->generation) return;      /* first try the newer token */
  token->ends_at = 0;
  if (!token->fetching || !token->fetch.claims) text_set(&token->claims, claims);
}

char *credential_claim(const Credential *credential, const char *name) {
  for (const Token *token = credential->tokens; token; token = token->next) {
    char *claim = token->header ? jwt_claim(token->header, name) : NULL;
    if (claim) return claim;
  }
  return NULL;
}

double credential_expires_in(const Credential *credential) {
  double now = loop_now(credential->loop), longest = 0;
  int is_unknown = 0;
  for (const Token *token = credential->tokens; token; token = token->next) {
    if (!token->header || token->ends_at <= now) continue;
    if (!token->has_expiry) is_unknown = 1;
    else if (token->ends_at - now > longest) longest = token->ends_at - now;
  }
  return longest > 0 || !is_unknown ? longest : -1;
}

void tokens_add(const Credential *credential, Secrets *secrets) {
  for (const Token *token = credential->tokens; token; token = token->next) {
    const char *const lines[] = { token->header, NULL };
    secrets_add_headers(secrets, lines);
  }
}

void tokens_clear(Credential *credential) {
  while (credential->tokens) {
    Token *token = credential->tokens;
    credential->tokens = token->next;
    loop_timer_stop(credential->loop, &token->start);
    if (token->fetching) credential->kind->cancel(credential, &token->fetch);
    while (!ring_is_empty(&token->waiting)) ring_remove(token->waiting.next);
    token_free(token);
  }
}
