/* retry.c: (pure) may a request be sent again, and when. Leaves the waiting to op.c. */

#include <curl/curl.h>
#include <stddef.h>

#include "retry.h"
#include "text.h"

static const double LEAST_JITTER = 0.8, JITTER = 0.5;      /* a delay is multiplied by [0.8, 1.3) */

enum { MAX_DOUBLINGS = 30 };

/* The methods of RetryPolicy.methods, from the lowest bit. */
static const char *const methods[] = {
  "POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"
};

enum { METHODS = sizeof methods / sizeof *methods, ALL_BUT_POST = (1 << METHODS) - 2 };

const RetryPolicy retry_default = {
  .tries = 3, .delay = 0.8, .max_delay = 60, .statuses = { 408, 429, 500, 502, 503, 504 },
  .methods = ALL_BUT_POST
};

unsigned retry_method(const char *name) {
  for (unsigned i = 0; i < METHODS; i++)
    if (text_equal(methods[i], name)) return 1u << i;
  return 0;
}

static int is_listed(const RetryPolicy *policy, int status) {
  for (size_t i = 0; i < RETRY_STATUSES && policy->statuses[i]; i++)
    if (policy->statuses[i] == status) return 1;
  return 0;
}

/* Return 1 if the service certainly did not execute the request. It answers 429 and 503 before it
   does anything. */
static int is_harmless(const Attempt *attempt) {
  if (!attempt->status) return !attempt->sent;
  return attempt->status == 429 || attempt->status == 503;
}

static int tries_left(const RetryPolicy *policy, const Attempt *attempt) {
  int is_answered = attempt->status != 0;
  int tries = is_answered || !policy->tries_unanswered ? policy->tries : policy->tries_unanswered;
  return tries - attempt->number + 1;
}

/* Return 1 if the method may be sent twice even if the service has executed the first sending. */
static int is_repeatable(const RetryPolicy *policy, const Attempt *attempt) {
  if (attempt->cautious && !policy->methods_given) return 0;
  return (policy->methods & retry_method(attempt->method)) != 0;
}

int retry_may(const RetryPolicy *policy, const Attempt *attempt) {
  if (tries_left(policy, attempt) <= 0 || attempt->after > policy->max_delay) return 0;
  if (attempt->status ? !is_listed(policy, attempt->status) : attempt->permanent) return 0;
  return is_repeatable(policy, attempt) || is_harmless(attempt);
}

double retry_delay(const RetryPolicy *policy, const Attempt *attempt, double random) {
  if (attempt->after > 0) return attempt->after;
  int doublings = attempt->number < MAX_DOUBLINGS ? attempt->number : MAX_DOUBLINGS;
  double delay = (double)((1L << doublings) - 1) * policy->delay * (LEAST_JITTER + JITTER * random);
  return delay < policy->max_delay ? delay : policy->max_delay;
}

static double milliseconds(const char *value, time_t now) {
  double number = 0;
  (void)now;
  return text_number(value, &number) ? number / 1000 : 0;
}

static double seconds_or_date(const char *value, time_t now) {
  double number = 0;
  if (text_number(value, &number)) return number;
  time_t date = curl_getdate(value, NULL);
  return date > now ? difftime(date, now) : 0;      /* -1: not a date */
}

double retry_after(const Headers *headers, time_t now) {
  static const struct Form {
    const char *name;
    double (*read)(const char *value, time_t now);
  } forms[] = {
    { "retry-after-ms", milliseconds },
    { "x-ms-retry-after-ms", milliseconds },
    { "Retry-After", seconds_or_date }
  };
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    const char *value = headers_get(headers, forms[i].name);
    double after = value ? forms[i].read(value, now) : 0;
    if (after > 0) return after;
  }
  return 0;
}
