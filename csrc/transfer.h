/* transfer.h: send one request by libcurl, and receive its reply. A pool limits how many transfers
   run at once, and keeps idle handles. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "loop.h"
#include "route.h"

/* One request. headers, authorization and a route without an id are borrowed during transfer_start;
   all else must live until the transfer ends. */
typedef struct Sending {
  const Route *route;
  const char *method;
  const char *url;               /* on the route's origin */
  const char *const *headers;    /* "Name: value", ends with NULL */
  const char *authorization;     /* a whole header line, as a shared text; NULL: none */
  const char *body;              /* NULL: none */
  size_t      body_len;
  double      timeout;           /* seconds */
  int         secret;            /* wipe the reply's body when it is released */
} Sending;

/* How a transfer ended. */
typedef struct Outcome {
  CURLcode    result;
  const char *message;           /* libcurl's words, one line */
  int         sent;              /* a part of the request may have left this machine */
  Reply      *reply;             /* the receiver may move its contents out */
} Outcome;

typedef struct Transfer Transfer;
typedef void TransferDone(void *owner, const Outcome *outcome);

/* Start a transfer. The pool owns it. Calls done once, later and never at once, unless the transfer
   is cancelled before. Return NULL when memory runs out: then done is not called. */
Transfer *transfer_start(Loop *loop, const Sending *sending, TransferDone *done, void *owner);

/* Cancel a transfer and free it. Its done is not called. */
void transfer_cancel(Transfer *transfer);

/* Return a new id for a Route; 0: no memory. */
unsigned transfer_route(Loop *loop);

#endif
