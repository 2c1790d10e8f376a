/* environment.c: what AZURE_* variables say: the first complete set of them chooses the kind. Read here, so that a secret never passes through Lua. */

#include <stdlib.h>

#include "text.h"
#include "token.h"

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* What is missing, named; the answer to the first question for a token. */
static char *what_lacks(void) {
  const char *lacking = !variable("AZURE_TENANT_ID") ? "AZURE_TENANT_ID" : !variable("AZURE_CLIENT_ID") ? "AZURE_CLIENT_ID" : NULL;
  if (lacking) return text_format("environment: %s is not set", lacking);
  if (variable("AZURE_CLIENT_CERTIFICATE_PATH"))
    return text_copy("environment: AZURE_CLIENT_CERTIFICATE_PATH is set, but this version signs in with AZURE_CLIENT_SECRET only");
  return text_copy("environment: AZURE_CLIENT_SECRET is not set");
}

static void fetch(Credential *credential, Fetch *asked) {
  Error error = { 0 };
  error_set(&error, ERROR_UNAVAILABLE, "CredentialUnavailable", "%s", (const char *)credential->state);
  asked->done(asked, NULL, &error);
  error_clear(&error);
}

static void cancel(Credential *credential, Fetch *asked) { (void)credential, (void)asked; }
static void clear(Credential *credential) { free(credential->state); }

static const CredentialKind incomplete = { "environment", fetch, cancel, clear };

Credential *credential_environment(Loop *loop, const AuthorityOptions *options, Error *error) {
  AuthorityOptions found = *options;
  found.tenant_id = variable("AZURE_TENANT_ID");
  found.client_id = variable("AZURE_CLIENT_ID");
  const char *secret = variable("AZURE_CLIENT_SECRET");
  Credential *credential = found.tenant_id && found.client_id && secret ? credential_secret(loop, &found, secret, error)
                                                                        : credential_new(loop, &incomplete, what_lacks(), NULL);
  if (credential) credential->ambient = 1;
  return credential;
}
