/* throttle.c: (pure) what is left of a throttling budget, and until when a 429 holds requests back.
   A list in memory. Leaves the clock to the caller. */

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "throttle.h"

/* Requests by which a bucket refills each second: the service's own numbers. */
static const double REFILL[THROTTLE_KINDS] = {
  [THROTTLE_READS] = 25, [THROTTLE_WRITES] = 10, [THROTTLE_DELETES] = 10
};

/* Requests that go out before the first reply, which may tell that little is left. */
static const long FIRST_REQUESTS = 32;

/* Seconds after which the other callers ask whether the first reply has come: half the time that it
   has taken so far, within these limits. */
static const double FIRST_WAIT = 0.001, LAST_WAIT = 0.05;

/* Seconds after which a waiting caller asks again: the next reply may tell that more is left. */
static const double LONGEST_WAIT = 2;

typedef struct Budget {
  double until;          /* of the hold; 0: not held */
  long   remaining;      /* as the service said last; -1: not known */
  long   most;           /* the largest count that the service ever said */
  int    heard;          /* there was a reply or a hold */
  double since;          /* when the first request was sent */
  int    counted;        /* left and left_at are valid */
  double left;           /* requests left by our own count, those in flight not counted */
  double left_at;        /* the time of that count */
  double noted_at;       /* when a reply or a hold last set left */
  long   in_flight;      /* requests sent and not answered */
  long   waiting;        /* callers told to wait */
} Budget;

struct ThrottleScope {
  ThrottleScope *next;
  char  *name;
  Budget budgets[THROTTLE_KINDS];
};

struct Throttle { ThrottleScope *scopes; };      /* a list: a process has a handful of scopes */

Throttle *throttle_new(void) { return calloc(1, sizeof(Throttle)); }

static void scope_free(ThrottleScope *scope) {
  if (!scope) return;
  free(scope->name);
  free(scope);
}

void throttle_free(Throttle *throttle) {
  if (!throttle) return;
  for (ThrottleScope *scope = throttle->scopes, *next; scope; scope = next) {
    next = scope->next;
    scope_free(scope);
  }
  free(throttle);
}

ThrottleKind throttle_kind(const char *method) {
  static const char *const reads[] = { "GET", "HEAD", "OPTIONS" };
  for (size_t i = 0; i < sizeof reads / sizeof *reads; i++)
    if (text_equal(method, reads[i])) return THROTTLE_READS;
  return text_equal(method, "DELETE") ? THROTTLE_DELETES : THROTTLE_WRITES;
}

static ThrottleScope *scope_new(const char *name) {
  ThrottleScope *scope = calloc(1, sizeof *scope);
  if (!scope || !(scope->name = text_copy(name))) {
    scope_free(scope);
    return NULL;
  }
  for (int i = 0; i < THROTTLE_KINDS; i++) scope->budgets[i].remaining = -1;
  return scope;
}

ThrottleScope *throttle_scope(Throttle *throttle, const char *name) {
  if (!name) return NULL;
  ThrottleScope *scope = throttle->scopes;
  while (scope && strcmp(scope->name, name) != 0) scope = scope->next;
  if (scope || !(scope = scope_new(name))) return scope;
  scope->next = throttle->scopes;
  return throttle->scopes = scope;
}

/* -- holds and budgets ------------------------------------------------------------------------- */

/* Hold requests back. A further refusal during a hold gives back what throttle_answered took off,
   because a refused request uses nothing. */
void throttle_hold(ThrottleScope *scope, ThrottleKind kind, double until) {
  Budget *budget = scope ? &scope->budgets[kind] : NULL;
  if (!budget) return;
  if (until <= budget->until) {
    if (budget->left < 0) budget->left += 1;
    return;
  }
  budget->until = until;
  budget->heard = budget->counted = 1;
  budget->left = 0;
  budget->left_at = budget->noted_at = until;
}

double throttle_until(const ThrottleScope *scope, ThrottleKind kind) {
  return scope ? scope->budgets[kind].until : 0;
}

/* Return 1 if a header counts requests of this kind. name follows "x-ms-ratelimit-remaining-". */
static int counts_kind(const char *name, size_t len, ThrottleKind kind) {
  static const char *const kinds[] = {
    [THROTTLE_READS] = "-reads", [THROTTLE_WRITES] = "-writes", [THROTTLE_DELETES] = "-deletes"
  };
  static const char any_kind[] = "subscription-resource-requests";
  static const char *const scopes[] = { "subscription", "subscription-global", "tenant" };
  for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
    size_t scope_len = strlen(scopes[i]);
    if (len != scope_len + strlen(kinds[kind])) continue;
    if (text_starts(name, scopes[i]) && text_starts(name + scope_len, kinds[kind])) return 1;
  }
  return len == strlen(any_kind) && text_starts(name, any_kind);
}

static long number_in(const char *value) {
  double number = 0;
  int is_whole = !strchr(value, '.') && text_number(value, &number) && number <= 2147483647;
  return is_whole ? (long)number : -1;
}

/* Return the smallest count in headers such as x-ms-ratelimit-remaining-subscription-global-reads;
   -1: there is no such header. */
static long least_in(const Headers *headers, ThrottleKind kind) {
  static const char prefix[] = "x-ms-ratelimit-remaining-";
  long least = -1;
  for (const char *line = NULL; (line = headers_next_with(headers, line, prefix)); ) {
    const char *name = line + strlen(prefix), *end = strchr(name, ':');
    if (!counts_kind(name, (size_t)(end - name), kind)) continue;
    long left = number_in(end + 1 + strspn(end + 1, " \t"));
    if (left >= 0 && (least < 0 || left < least)) least = left;
  }
  return least;
}

static double rest_of(const Budget *budget) {
  return budget->left - (double)budget->in_flight;
}

/* Add what the bucket has gained since the last count. The bucket's size is not known: the largest
   count that the service ever said limits it. */
static void refill(Budget *budget, ThrottleKind kind, double now) {
  double full = (double)(budget->most > FIRST_REQUESTS ? budget->most : FIRST_REQUESTS);
  if (now <= budget->left_at) return;
  budget->left += (now - budget->left_at) * REFILL[kind];
  if (rest_of(budget) > full) budget->left = full + (double)budget->in_flight;
  budget->left_at = now;
}

/* Take over the service's count if it is newer than ours. Replies of requests that were in flight
   together come in any order. The count of a request sent after the last count came is newer. Of
   the others, the smaller count is newer. left + 1 is what was left before throttle_answered took
   this request off. */
void throttle_note(ThrottleScope *scope, ThrottleKind kind, const Headers *headers, double sent_at,
                   double now) {
  long remaining = least_in(headers, kind);
  Budget *budget = scope ? &scope->budgets[kind] : NULL;
  if (!budget) return;
  budget->heard = 1;
  if (remaining < 0) return;
  budget->remaining = remaining;
  if (remaining > budget->most) budget->most = remaining;
  refill(budget, kind, now);
  int is_newer = !budget->counted || sent_at > budget->noted_at;
  if (!is_newer && (double)remaining > budget->left + 1) {
    budget->left += 1;
    return;
  }
  budget->counted = 1;
  budget->left = (double)remaining;
  budget->noted_at = now;
}

static int has_turn(const Budget *budget) {
  if (!budget->heard) return budget->in_flight < FIRST_REQUESTS;
  return !budget->counted || rest_of(budget) >= 1;
}

static double time_to_reply(const Budget *budget, double now) {
  double half = (now - budget->since) / 2;
  if (half < FIRST_WAIT) return FIRST_WAIT;
  return half < LAST_WAIT ? half : LAST_WAIT;
}

static double time_to_turn(const Budget *budget, ThrottleKind kind, double now) {
  if (!budget->heard) return time_to_reply(budget, now);
  double turn = ((double)budget->waiting - rest_of(budget)) / REFILL[kind];
  return turn < LONGEST_WAIT ? turn : LONGEST_WAIT;
}

int throttle_take(ThrottleScope *scope, ThrottleKind kind, double now, int again, double *wait) {
  Budget *budget = scope ? &scope->budgets[kind] : NULL;
  if (!budget) return 1;
  refill(budget, kind, now);
  *wait = budget->until > now ? budget->until - now : 0;
  if (*wait <= 0 && has_turn(budget)) {
    if (budget->since == 0) budget->since = now;
    budget->in_flight++;
    if (again) budget->waiting--;
    return 1;
  }
  if (!again) budget->waiting++;
  if (*wait <= 0) *wait = time_to_turn(budget, kind, now);
  return 0;
}

void throttle_answered(ThrottleScope *scope, ThrottleKind kind) {
  Budget *budget = scope ? &scope->budgets[kind] : NULL;
  if (!budget || budget->in_flight == 0) return;
  budget->in_flight--;
  budget->left -= 1;
}

void throttle_leave(ThrottleScope *scope, ThrottleKind kind) {
  if (scope && scope->budgets[kind].waiting > 0) scope->budgets[kind].waiting--;
}

long throttle_remaining(const ThrottleScope *scope, ThrottleKind kind) {
  return scope ? scope->budgets[kind].remaining : -1;
}
