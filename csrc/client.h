/* client.h: what op.c reads of a client. */
#ifndef CLIENT_H
#define CLIENT_H

#include "loop.h"
#include "token.h"
#include "transfer.h"

struct Client {
  Loop  *loop;
  int    refs;
  char  *endpoint;            /* as given, without a final slash */
  Credential *credential;     /* or NULL */
  char  *scope, *tenant_id;
  char  *user_agent, *ca_file, *proxy;
  char **allow_hosts;         /* ends with NULL; may be NULL */
  Route  route;               /* to the endpoint */
  double request_timeout, poll_interval;
  RetryPolicy retry;
  int    observer;
  int    secret;              /* its replies hold secrets: wipe them */
  int  (*is_passing)(const Reply *reply);      /* does a refusal pass by itself, though its status does not say so? NULL: none does */
};

int client_allows(const Client *client, const char *url);      /* may a request, with its token, go there? */
ThrottleScope *client_throttle_scope(const Client *client, const char *url);      /* whose throttling budget a request to url draws from */
const Route *client_route(const Client *client, const char *url, Route *other);    /* the endpoint's, or that of another origin, put in other */

#endif
