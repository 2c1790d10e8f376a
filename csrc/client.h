/* client.h: what op.c reads of a client. */
#ifndef CLIENT_H
#define CLIENT_H

#include "authorities.h"
#include "fold.h"
#include "loop.h"
#include "token.h"
#include "transfer.h"

/* The client owns its texts and the cookies of its route, and holds a reference to its
   credential. */
struct Client {
  Loop  *loop;
  int    refs;
  char  *endpoint;            /* as the caller wrote it, without final slashes */
  size_t front_len;           /* of the endpoint's scheme, host and port */
  Credential *credential;     /* NULL: send no token */
  char  *scope, *tenant_id;
  char  *user_agent, *proxy;
  Authorities authorities;
  char **allow_hosts;         /* ends with NULL; NULL: no other */
  Route  route;               /* to the endpoint */
  Parts  parts;               /* of the status URLs of its operations */
  double request_timeout, poll_interval;
  RetryPolicy retry;
  int    observer;
  int    secret;              /* its replies hold secrets: wipe them */

  /* Return 1 when a refusal is temporary although its status does not say so.
     NULL: the status alone decides. */
  int  (*is_passing)(const Reply *reply);
};

/* Return 1 when a request, with its token, may go to url. */
int client_allows(const Client *client, const char *url);

/* Add what the client sends that is secret: its tokens, and the user information of its proxy. */
void client_secrets(const Client *client, Secrets *secrets);

/* Return the throttling budget that a request to url uses. */
ThrottleScope *client_throttle_scope(const Client *client, const char *url);

/* Return the route to url: the client's own, or `other`, which is filled in for another origin.
   The caller passes `other` of zeros and frees other->origin. */
const Route *client_route(const Client *client, const char *url, Route *other);

#endif
