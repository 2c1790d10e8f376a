/* refresh.c: a person's refresh token, whether a script gave it or `azureml login` kept it: nobody is asked for anything. */

#include <stdlib.h>

#include "credential/person.h"
#include "text.h"

static const PersonKind given = { .name = "refresh_token" };
static const PersonKind kept = { .name = "azureml_login", .title = "azureml login", .remedy = "run 'azureml login'" };

static const CredentialKind refresh_kind = { .name = "refresh_token", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear };
static const CredentialKind login_kind = { .name = "azureml_login", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear };

Credential *credential_refresh(Loop *loop, const AuthorityOptions *options, const char *refresh_token, Error *error) {
  const PersonOptions person = { .uncached = 1 };
  if (!text_is_token(refresh_token) || !options->client_id) {
    error_set(error, ERROR_USAGE, "InvalidCredential", options->client_id ? "refresh_token is missing, or is no token's text"
                                                                          : "client_id is missing: it is the id of the application that the token was made for");
    return NULL;
  }
  Credential *credential = person_new(loop, &refresh_kind, &given, options, &person, error);
  if (credential) ((Person *)credential->state)->refresh_token = text_copy(refresh_token);
  return credential;
}

Credential *credential_login(Loop *loop, const AuthorityOptions *options, Error *error) {
  const PersonOptions person = { .kept = 1 };
  AuthorityOptions anybody = *options;
  anybody.tenant_id = anybody.client_id = NULL;
  Credential *credential = person_new(loop, &login_kind, &kept, &anybody, &person, error);
  if (credential) credential->ambient = 1;
  return credential;
}
