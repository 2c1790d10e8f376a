/* transfer.h: one sending of one request by libcurl, and its reply. A pool bounds how many are under way and keeps idle handles. */
#ifndef TRANSFER_H
#define TRANSFER_H

#include "loop.h"

typedef struct Route {           /* how the requests of one client reach one origin; borrowed during transfer_start */
  unsigned    id;                /* a handle that served it serves it again as it is; 0: it is used once */
  char       *origin;            /* "https://host:port" */
  int         is_loopback;
  const char *user_agent, *ca_file, *proxy;
  CURLSH     *cookies;           /* must live until the end; NULL: none */
  double      connect_timeout;   /* seconds */
  size_t      max_reply;
} Route;

typedef struct Sending {         /* borrowed during transfer_start */
  const Route *route;
  const char *method;
  const char *url;               /* on the route's origin */
  const char *const *headers;    /* "Name: value", ends with NULL */
  const char *authorization;     /* a whole header line, or NULL; wiped afterwards */
  const char *body;              /* must live until the end */
  size_t      body_len;
  double      timeout;           /* seconds */
  int         secret;            /* wipe the reply when it is released */
} Sending;

typedef struct Outcome {
  CURLcode    result;
  const char *message;           /* libcurl's words, one line */
  int         sent;              /* something of the request may have left this machine */
  Reply      *reply;             /* the receiver may move its contents out */
} Outcome;

typedef struct Transfer Transfer;
typedef void TransferDone(void *owner, const Outcome *outcome);

Transfer *transfer_start(Loop *loop, const Sending *sending, TransferDone *done, void *owner);   /* NULL: no memory. done comes later, never at once */
void transfer_cancel(Transfer *transfer);      /* done will not be called */

unsigned transfer_route(Loop *loop);           /* an id for a Route that no other has; 0: no memory */

#endif
