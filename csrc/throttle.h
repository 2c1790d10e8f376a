/* throttle.h: (pure) what is left of a throttling budget, and until when a 429 holds requests back. Kept per scope
   (a text: endpoint, principal, subscription) and kind of request (reads, writes, deletes), for all clients of a loop. */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "headers.h"

typedef enum ThrottleKind { THROTTLE_READS, THROTTLE_WRITES, THROTTLE_DELETES, THROTTLE_KINDS } ThrottleKind;
typedef struct Throttle Throttle;

Throttle *throttle_new(void);                                    /* NULL: no memory */
void   throttle_free(Throttle *throttle);
ThrottleKind throttle_kind(const char *method);
void   throttle_hold(Throttle *throttle, const char *scope, ThrottleKind kind, double until);   /* never shortens a hold */
double throttle_until(const Throttle *throttle, const char *scope, ThrottleKind kind);          /* 0: not held */
void   throttle_note(Throttle *throttle, const char *scope, ThrottleKind kind, const Headers *headers);   /* x-ms-ratelimit-remaining-* */
long   throttle_remaining(const Throttle *throttle, const char *scope, ThrottleKind kind);      /* the smallest one seen last; -1: not known */

#endif
