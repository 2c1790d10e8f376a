/* client.h: what op.c reads of a client. */
#ifndef CLIENT_H
#define CLIENT_H

#include "loop.h"
#include "token.h"

struct Client {
  Loop  *loop;
  int    refs;
  char  *endpoint;            /* as given, without a final slash */
  Credential *credential;     /* or NULL */
  char  *scope;
  char  *user_agent, *ca_file, *proxy;
  char **allow_hosts;         /* ends with NULL; may be NULL */
  double connect_timeout, request_timeout, poll_interval;
  size_t max_reply;
  RetryPolicy retry;
  CURLSH *cookies;            /* NULL: none are kept */
  int    observer;
  int    secret;              /* its replies hold secrets: wipe them */
  int  (*is_passing)(const Reply *reply);      /* does a refusal pass by itself, though its status does not say so? NULL: none does */
};

int client_allows(const Client *client, const char *url);      /* may a request, with its token, go there? */
/* "origin principal subscription": whose throttling budget a request to url draws from. The caller frees. */
char *client_throttle_scope(const Client *client, const char *url);

#endif
