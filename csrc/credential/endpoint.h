/* endpoint.h: request tokens from an OAuth token endpoint, for all kinds of credentials that speak
   OAuth. */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "buf.h"
#include "op.h"
#include "token.h"

typedef struct Endpoint Endpoint;      /* {authority}/{tenant}/oauth2/v2.0/token */

/* Check the options and make an endpoint. NULL: ERROR_USAGE. */
Endpoint *endpoint_new(Loop *loop, const AuthorityOptions *options, Error *error);
/* Make an endpoint for an application: refuse the tenants that only people can sign in to. */
Endpoint *endpoint_new_application(Loop *loop, const AuthorityOptions *options, Error *error);
void endpoint_free(Endpoint *endpoint);
const char *endpoint_client_id(const Endpoint *endpoint);
/* Return the URL that a fetch goes to, which is also the audience of an assertion. NULL and
   ERROR_CREDENTIAL: the fetch is for another tenant, which the options do not allow. The caller
   frees. */
char *endpoint_url(const Endpoint *endpoint, const Fetch *fetch, Error *error);
/* Return the URL of another page of the authority, such as "devicecode". The caller frees. */
char *endpoint_page(const Endpoint *endpoint, const char *name);
int endpoint_is_adfs(const Endpoint *endpoint);
/* Add a remark for the user to the errors with which Entra ID refuses. NULL: no remark. */
void endpoint_remark(Endpoint *endpoint, const char *remark);

/* Add a field to a form, percent-encoded. A value that is NULL, for lack of memory, makes the form
   fail. */
void form_add(Buf *form, const char *name, const char *value);
/* Add the grant type and the client's id. */
void form_begin(Buf *form, const Endpoint *endpoint, const char *grant_type);
/* Add the scope and the claims of a fetch. */
void form_end(Buf *form, const Fetch *fetch);

/* Post a form to a page of the endpoint. Wipe and clear the form in any case. NULL: the error tells
   why the form cannot be sent. */
Op *endpoint_post(Endpoint *endpoint, const char *url, Buf *form, OpDone *done, void *context,
                  Error *error);
/* Post a form and end a fetch with the answer. Wipe and clear the form in any case. fetch->work is
   the operation while it runs. */
void endpoint_ask(Endpoint *endpoint, Buf *form, Fetch *fetch);
/* Request a token for an application that signs in with an assertion. */
void endpoint_ask_asserted(Endpoint *endpoint, const char *assertion, Fetch *fetch);
/* Implement CredentialKind's cancel for a fetch whose work is an operation. */
void endpoint_cancel(Credential *credential, Fetch *fetch);

#endif
