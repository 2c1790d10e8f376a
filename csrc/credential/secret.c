/* secret.c: sign in an application with a client secret. endpoint.c sends the request. */

#include <stdlib.h>

#include "credential/endpoint.h"
#include "text.h"

typedef struct Secret {
  Endpoint *endpoint;
  char *client_secret;
} Secret;

static void fetch(Credential *credential, Fetch *asked) {
  Secret *state = credential->state;
  Buf form = { 0 };
  form_begin(&form, state->endpoint, "client_credentials");
  form_add(&form, "client_secret", state->client_secret);
  form_end(&form, asked);
  endpoint_ask(state->endpoint, &form, asked);
}

static void clear(Credential *credential) {
  Secret *state = credential->state;
  endpoint_free(state->endpoint);
  text_wipe(state->client_secret);
  free(state);
}

static const CredentialKind kind = {
  .name = "client_secret", .fetch = fetch, .cancel = endpoint_cancel, .clear = clear,
  .takes_tenant = 1
};

Credential *credential_secret(Loop *loop, const AuthorityOptions *options,
                              const char *client_secret, Error *error) {
  if (!client_secret || !*client_secret) {
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "client_secret is missing: it is the secret's value, not its id");
    return NULL;
  }
  Endpoint *endpoint = endpoint_new_application(loop, options, error);
  if (!endpoint) return NULL;
  Secret *state = calloc(1, sizeof *state);
  if (!state) {
    endpoint_free(endpoint);
    return NULL;
  }
  state->endpoint = endpoint;
  state->client_secret = text_copy(client_secret);
  if (state->client_secret) return credential_new(loop, &kind, state, options->client_id);
  clear(&(Credential){ .state = state });
  return NULL;
}
