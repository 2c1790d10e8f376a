/* endpoint.h: asking a token endpoint: what the kinds that speak OAuth share. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "buf.h"
#include "op.h"
#include "token.h"

typedef struct Endpoint Endpoint;      /* {authority}/{tenant}/oauth2/v2.0/token */

Endpoint *endpoint_new(Loop *loop, const AuthorityOptions *options, Error *error);   /* checks them; NULL: ERROR_USAGE */
Endpoint *endpoint_new_application(Loop *loop, const AuthorityOptions *options, Error *error);   /* the same for who signs in as an application,
                                                                                                    which needs a tenant of its own */
void endpoint_free(Endpoint *endpoint);
const char *endpoint_client_id(const Endpoint *endpoint);
/* Where fetch's token is asked for, which is what an assertion is addressed to. NULL and ERROR_CREDENTIAL: it wants another tenant's, which is not
   allowed. The caller frees */
char *endpoint_url(const Endpoint *endpoint, const Fetch *fetch, Error *error);
char *endpoint_page(const Endpoint *endpoint, const char *name);      /* "devicecode", beside the token's; the caller frees */
int endpoint_is_adfs(const Endpoint *endpoint);
void endpoint_remark(Endpoint *endpoint, const char *remark);      /* what a person should know where Entra refuses; NULL: nothing */

void form_add(Buf *form, const char *name, const char *value);      /* percent-encoded */
void form_begin(Buf *form, const Endpoint *endpoint, const char *grant_type);      /* who asks, by which grant */
void form_end(Buf *form, const Fetch *fetch);                                      /* for what: scope, claims */

/* Posts form (wiped and cleared in any case) to a page of the endpoint's. NULL and the error: it cannot be sent. */
Op *endpoint_post(Endpoint *endpoint, const char *url, Buf *form, OpDone *done, void *context, Error *error);
/* Posts form (wiped and cleared in any case) and ends fetch with the answer. fetch->work is the Op, until then. */
void endpoint_ask(Endpoint *endpoint, Buf *form, Fetch *fetch);
void endpoint_ask_asserted(Endpoint *endpoint, const char *assertion, Fetch *fetch);      /* as an application that proves itself by assertion */
void endpoint_cancel(Credential *credential, Fetch *fetch);      /* for a CredentialKind */

#endif
