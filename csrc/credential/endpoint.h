/* endpoint.h: asking a token endpoint: what the kinds that speak OAuth share. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "buf.h"
#include "token.h"

typedef struct Endpoint Endpoint;      /* {authority}/{tenant}/oauth2/v2.0/token */

Endpoint *endpoint_new(Loop *loop, const AuthorityOptions *options, Error *error);   /* checks them; NULL: ERROR_USAGE */
void endpoint_free(Endpoint *endpoint);
const char *endpoint_client_id(const Endpoint *endpoint);

void form_add(Buf *form, const char *name, const char *value);      /* percent-encoded */
/* Posts form (wiped and cleared in any case) and ends fetch with the answer. fetch->work is the Op, until then. */
void endpoint_ask(Endpoint *endpoint, Buf *form, Fetch *fetch);
void endpoint_cancel(Fetch *fetch);

#endif
