/* lro.h: (pure) what replies say of a long-running operation: whether it is running, where to ask,
   how it ended. No clock, no connection. Source: spec/contract/lro.md, section 17, 1 to 7. */
#ifndef LRO_H
#define LRO_H

#include "error.h"

typedef enum LroOutcome {
  LRO_RUNNING,
  LRO_SUCCEEDED,
  LRO_FAILED,      /* or canceled */
  LRO_BROKEN       /* the reply breaks the contract: ERROR_PROTOCOL */
} LroOutcome;

/* Where to ask how the operation goes. */
typedef enum LroMode {
  LRO_NONE,        /* not known yet */
  LRO_MONITOR,     /* a URL whose body names the status */
  LRO_LOCATION,    /* a URL whose HTTP status says it */
  LRO_BODY         /* the resource: its provisioningState */
} LroMode;

/* Where to fetch the result: final-state-via. */
typedef enum FinalState { FINAL_UNSET, FINAL_MONITOR, FINAL_LOCATION, FINAL_ORIGINAL } FinalState;

/* The Lro owns its texts; lro_clear releases them. */
typedef struct Lro {
  LroMode    mode;
  FinalState final_state;
  char *method;               /* of the first request */
  char *original_url;         /* of the first request */
  char *poll_url;             /* NULL while mode is LRO_NONE */
  char *location;             /* the last Location received, resolved */
  char *resource_location;    /* named by the monitor's body */
  char *poll_query;           /* added to each poll_url that lacks its parameters; NULL: nothing */
  char *status;               /* the last status as the service wrote it; NULL: none yet */
} Lro;

/* Begin an operation. Copies method and original_url. */
void lro_init(Lro *lro, const char *method, const char *original_url, FinalState final_state);
void lro_clear(Lro *lro);

/* Read the first reply, or the reply to a poll. The reply's status must be below 400.
   Sets error unless the outcome is LRO_RUNNING or LRO_SUCCEEDED. */
LroOutcome lro_first(Lro *lro, const Reply *reply, Error *error);
LroOutcome lro_poll(Lro *lro, const Reply *reply, Error *error);

/* After LRO_SUCCEEDED: return the URL of the result; NULL: the last reply is the result. */
const char *lro_final_url(const Lro *lro);

/* Release original_url of a running operation if no later request needs it. Return 1 if so. */
int lro_forget_url(Lro *lro);

/* Read a word such as "location". Return 1 when it is known. */
int lro_final_state(const char *word, FinalState *final_state);
const char *lro_final_state_name(FinalState final_state);      /* "" for FINAL_UNSET */

/* Read "monitor", "location" or "body". Any other word is LRO_NONE. */
LroMode lro_mode(const char *word);
const char *lro_mode_name(LroMode mode);

#endif
