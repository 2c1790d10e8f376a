/* throttle.h: (pure) what is left of a throttling budget, and until when a 429 holds requests back.
   A budget exists per scope (a text: endpoint, principal, subscription) and kind of request (reads,
   writes, deletes); all clients of a loop share it. The service counts in token buckets. Once it
   has told what is left, this file keeps the same count and sends no faster than the bucket
   refills, so that the service refuses few requests. Source: spec/contract/lro.md, section 14. */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "headers.h"

typedef enum ThrottleKind {
  THROTTLE_READS, THROTTLE_WRITES, THROTTLE_DELETES, THROTTLE_KINDS
} ThrottleKind;

typedef struct Throttle Throttle;

/* Belongs to its Throttle and lives as long. NULL is allowed: it limits nothing. */
typedef struct ThrottleScope ThrottleScope;

Throttle *throttle_new(void);      /* NULL: no memory */
void      throttle_free(Throttle *throttle);

/* Find a scope, or create it. NULL: no memory, or name is NULL. */
ThrottleScope *throttle_scope(Throttle *throttle, const char *name);
ThrottleKind   throttle_kind(const char *method);

/* Ask whether a request may go out now. Return 1: yes, and it counts as in flight until
   throttle_answered. Return 0: ask again in *wait seconds.
   again: the caller was told to wait before. */
int throttle_take(ThrottleScope *scope, ThrottleKind kind, double now, int again, double *wait);

/* Report that a request in flight was answered or lost. */
void throttle_answered(ThrottleScope *scope, ThrottleKind kind);

/* Report that a caller that was told to wait has given up. */
void throttle_leave(ThrottleScope *scope, ThrottleKind kind);

/* Hold requests back until a time. Never shortens a hold. */
void throttle_hold(ThrottleScope *scope, ThrottleKind kind, double until);

/* Return until when requests are held back; 0: they are not. */
double throttle_until(const ThrottleScope *scope, ThrottleKind kind);

/* Read x-ms-ratelimit-remaining-* in the headers of a reply, after throttle_answered.
   sent_at: when its request was sent. */
void throttle_note(ThrottleScope *scope, ThrottleKind kind, const Headers *headers, double sent_at,
                   double now);

/* Return the smallest count of the last reply that had one; -1: not known. */
long throttle_remaining(const ThrottleScope *scope, ThrottleKind kind);

#endif
