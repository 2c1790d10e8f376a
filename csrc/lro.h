/* lro.h: (pure) what replies say of a long-running operation: is it running, where to ask, how did
   it end. The rules are those of spec/contract/lro.md, section 17, 1 to 7; no clock, no
   connection. */
#ifndef LRO_H
#define LRO_H

#include "error.h"

typedef enum LroOutcome { LRO_RUNNING, LRO_SUCCEEDED, LRO_FAILED, LRO_BROKEN } LroOutcome;   /* FAILED: also Canceled; BROKEN: ERROR_PROTOCOL */
typedef enum LroMode { LRO_NONE, LRO_MONITOR, LRO_LOCATION, LRO_BODY } LroMode;
typedef enum FinalState { FINAL_UNSET, FINAL_MONITOR, FINAL_LOCATION, FINAL_ORIGINAL } FinalState;   /* final-state-via */

typedef struct Lro {
  LroMode    mode;
  FinalState final_state;
  char *method;               /* of the first request */
  char *original_url;
  char *poll_url;             /* NULL while mode is LRO_NONE */
  char *location;             /* the last Location seen, resolved */
  char *resource_location;    /* what the monitor's body named */
  char *status;               /* the last status word, as the service wrote it; NULL before any */
} Lro;

/* method and original_url are copied. */
void lro_init(Lro *lro, const char *method, const char *original_url, FinalState final_state);
/* Both fill error unless the outcome is RUNNING or SUCCEEDED. The reply's status is below 400. */
LroOutcome lro_first(Lro *lro, const Reply *reply, Error *error);
LroOutcome lro_poll(Lro *lro, const Reply *reply, Error *error);
const char *lro_final_url(const Lro *lro);     /* after SUCCEEDED: what to GET for the result; NULL: the last reply is it */
int  lro_final_state(const char *word, FinalState *final_state);   /* "location" and so on; 1 if known */
const char *lro_final_state_name(FinalState final_state);          /* "" for FINAL_UNSET */
LroMode lro_mode(const char *word);            /* "monitor", "location", "body"; LRO_NONE: it is none of them */
const char *lro_mode_name(LroMode mode);
int  lro_forget_url(Lro *lro);                 /* of a running one: releases original_url if nothing will be asked there any more; 1 if so */
void lro_clear(Lro *lro);

#endif
