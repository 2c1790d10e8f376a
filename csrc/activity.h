/* activity.h: (pure) what an operation is doing, and that as text for people. */
#ifndef ACTIVITY_H
#define ACTIVITY_H

/* Which request an operation is at. */
typedef enum Stage {
  STAGE_FIRST,      /* the request itself */
  STAGE_POLL,       /* GET of its status */
  STAGE_FINAL       /* GET of its result */
} Stage;

/* Where that request is. */
typedef enum Phase {
  PHASE_TOKEN,      /* it waits for an access token */
  PHASE_FLIGHT,     /* it is sent, its reply has not come */
  PHASE_PAUSE,      /* it waits for a timer or for the operation's owner */
  PHASE_DONE        /* the operation has ended */
} Phase;

typedef struct Activity {      /* borrowed during the call */
  Stage  stage;
  Phase  phase;
  const char *label;           /* "start ci-ann"; NULL: method and path stand for it */
  const char *method, *url;    /* of the first request; method NULL: the operation is a sleep */
  const char *failure;         /* the error's code, once it has failed */
  int    attempts;             /* sendings in this stage */
  int    polls;                /* statuses read */
  int    is_held;              /* its poll is due, and waits for the operation's owner */
  double left;                 /* seconds until its timer fires */
} Activity;

/* Return "start ci-ann: polling, 3rd time, next in 4 s". The caller frees it. NULL: no memory. */
char *activity_text(const Activity *activity);

#endif
