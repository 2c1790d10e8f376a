/* retry.h: (pure) may a request be sent again, and when.
   Source: spec/contract/lro.md, section 17, 9 to 11. */
#ifndef RETRY_H
#define RETRY_H

#include <time.h>
#include "headers.h"

enum { RETRY_STATUSES = 16 };

/* The defaults stand in the comments. */
typedef struct RetryPolicy {
  int    tries;                        /* after the first; 3 */
  int    tries_unanswered;             /* of those, how many while no answer comes; 0: all */
  double delay;                        /* seconds, base of the backoff; 0.8; 0 is allowed */
  double max_delay;                    /* seconds; 60. A longer Retry-After ends the tries */
  int    statuses[RETRY_STATUSES];     /* ends with 0; 408 429 500 502 503 504 */
  int    methods_given;                /* the caller chose methods: they count for a cautious
                                          request too */
  unsigned methods;                    /* bits of retry_method: those that may be sent twice; all
                                          but POST. Any other method is sent again only when the
                                          service certainly did not execute it */
} RetryPolicy;

/* How the last try went. */
typedef struct Attempt {
  const char *method;
  int    number;        /* 1 for the first try */
  int    status;        /* HTTP; 0: a transport error */
  int    permanent;     /* a transport error that the next try meets too: a bad certificate */
  int    sent;          /* a part of the request left this machine */
  int    cautious;      /* repeat only after a refusal that proves that nothing ran */
  double after;         /* what retry_after returned */
} Attempt;

extern const RetryPolicy retry_default;

/* Return the bit of a method in RetryPolicy.methods; 0: there is no bit for it. */
unsigned retry_method(const char *name);

int retry_may(const RetryPolicy *policy, const Attempt *attempt);

/* Return the seconds until the next try. random is in [0, 1). */
double retry_delay(const RetryPolicy *policy, const Attempt *attempt, double random);

/* Return the seconds that a reply asks to wait: retry-after-ms, x-ms-retry-after-ms, or Retry-After
   in seconds or as a date. 0: there is no such header, or it is zero, past or unreadable. */
double retry_after(const Headers *headers, time_t now);

#endif
