/* throttle.h: (pure) what is left of a throttling budget, and until when a 429 holds requests back.
   Kept per scope (a text: endpoint, principal, subscription) and kind of request (reads, writes,
   deletes), for all clients of a loop. The service counts in token buckets; where it has told what
   is left, we keep its count and send no faster than it refills (spec/contract/lro.md, section 14),
   so that few requests are refused. */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "headers.h"

typedef enum ThrottleKind { THROTTLE_READS, THROTTLE_WRITES, THROTTLE_DELETES, THROTTLE_KINDS } ThrottleKind;
typedef struct Throttle Throttle;
typedef struct ThrottleScope ThrottleScope;      /* lives as long as its Throttle. NULL limits nothing and knows nothing */

Throttle *throttle_new(void);                                    /* NULL: no memory */
void   throttle_free(Throttle *throttle);
ThrottleScope *throttle_scope(Throttle *throttle, const char *name);      /* NULL: no memory, or no name */
ThrottleKind throttle_kind(const char *method);
/* May a request go out now? 1: yes, and it counts until throttle_answered. 0: ask again in *wait seconds.
   again: it was told to wait before. */
int    throttle_take(ThrottleScope *scope, ThrottleKind kind, double now, int again, double *wait);
void   throttle_answered(ThrottleScope *scope, ThrottleKind kind);             /* or lost */
void   throttle_leave(ThrottleScope *scope, ThrottleKind kind);                /* it was told to wait, and no longer does */
void   throttle_hold(ThrottleScope *scope, ThrottleKind kind, double until);   /* never shortens a hold */
double throttle_until(const ThrottleScope *scope, ThrottleKind kind);          /* 0: not held */
void   throttle_note(ThrottleScope *scope, ThrottleKind kind, const Headers *headers, double now);   /* x-ms-ratelimit-remaining-* */
long   throttle_remaining(const ThrottleScope *scope, ThrottleKind kind);      /* the smallest one seen last; -1: not known */

#endif
