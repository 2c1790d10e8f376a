/* retry.h: (pure) may this be sent again, and when. The rules are those of spec/contract/lro.md,
   section 17, 9 to 11. */
#ifndef RETRY_H
#define RETRY_H

#include <time.h>
#include "headers.h"

enum { RETRY_STATUSES = 16 };

typedef struct RetryPolicy {
  int    tries;                        /* after the first; 3 */
  int    tries_unanswered;             /* of those, how many may go into the void, without any answer; 0: all */
  double delay;                        /* seconds, base of the backoff; 0.8; 0 is allowed */
  double max_delay;                    /* seconds; 60. A Retry-After beyond it is not waited for */
  int    statuses[RETRY_STATUSES];     /* 0-terminated; 408 429 500 502 503 504 */
  int    methods_given;                /* the caller listed methods: a cautious request obeys the list */
  unsigned methods;                    /* those that may be sent twice, of retry_method; all but POST. Any other method is sent again
                                          only when it was certainly not executed */
} RetryPolicy;

typedef struct Attempt {
  const char *method;
  int    number;        /* 1 for the first sending */
  int    status;        /* HTTP, 0: a transport error */
  int    permanent;     /* transport error that comes again: a bad certificate, an unknown scheme */
  int    sent;          /* something of the request left this machine */
  int    cautious;      /* repeat only after a refusal that proves that nothing ran */
  double after;         /* what retry_after gave */
} Attempt;

extern const RetryPolicy retry_default;

unsigned retry_method(const char *name);      /* its bit; 0: not one that can be listed */

int    retry_may(const RetryPolicy *policy, const Attempt *attempt);
double retry_delay(const RetryPolicy *policy, const Attempt *attempt, double random);   /* seconds; random in [0,1) */
double retry_after(const Headers *headers, time_t now);   /* retry-after-ms, x-ms-retry-after-ms, Retry-After in seconds or as a date;
                                                             0: none, zero, past or garbage */

#endif
