/* refresh.c: get tokens with a person's refresh token, from the caller or from `azureml login`. The
   person is never asked; person.c fetches the tokens. Source: spec/contract/auth.md, section 12. */

#include <stdlib.h>

#include "credential/person.h"
#include "text.h"

static const PersonKind refresh_person = { .name = "refresh_token" };
static const PersonKind login_person = {
  .name = "azureml_login", .title = "azureml login", .remedy = "run 'azureml login'"
};

static const CredentialKind refresh_kind = {
  .name = "refresh_token", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear
};

static const CredentialKind login_kind = {
  .name = "azureml_login", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear
};

Credential *credential_refresh(Loop *loop, const AuthorityOptions *options,
                               const char *refresh_token, Error *error) {
  const PersonOptions person = { .uncached = 1 };
  const char *fault = NULL;
  if (!options->client_id)
    fault = "client_id is missing: it is the id of the application that the token was made for";
  else if (!text_is_token(refresh_token))
    fault = "refresh_token is missing, or is no token's text";
  if (fault) {
    error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
    return NULL;
  }
  Credential *credential = person_new(loop, &refresh_kind, &refresh_person, options, &person,
                                      error);
  if (!credential) return NULL;
  Person *state = credential->state;
  state->refresh_token = text_copy(refresh_token);
  if (state->refresh_token) return credential;
  credential_unref(credential);
  return NULL;
}

Credential *credential_login(Loop *loop, const AuthorityOptions *options, Error *error) {
  const PersonOptions person = { .kept = 1 };
  AuthorityOptions any = *options;
  any.tenant_id = any.client_id = NULL;
  Credential *credential = person_new(loop, &login_kind, &login_person, &any, &person, error);
  if (credential) credential->ambient = 1;
  return credential;
}
