/* exchange.h: what observers, the tracer and the recorder see of a request and its reply. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "client.h"
#include "transfer.h"

/* One attempt of a request. All is borrowed during the call. */
typedef struct Exchange {
  const Client *client;
  const char *const *headers;        /* of the first request, which may hold secrets; or NULL */
  const char *body;                  /* of the first request, or NULL */
  size_t      body_len;
  int         has_body;              /* this request sends it */
  double      sent_at;
  TraceLine   line;                  /* event, method, whole url, attempt, client_request_id */
} Exchange;

/* Show a request that is about to be sent. */
void exchange_sent(const Exchange *exchange);

/* Count it, and show how it ended. */
void exchange_ended(const Exchange *exchange, const Outcome *outcome);

/* Collect what the exchange sends that is secret. The caller clears it. */
void exchange_secrets(const Exchange *exchange, Secrets *secrets);

#endif
