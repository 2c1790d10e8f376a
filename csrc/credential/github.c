/* github.c: sign in a workflow of GitHub Actions that has the permission "id-token: write". GitHub
   sets the variables; federation.c exchanges the tokens. Source: spec/contract/auth.md, section 1,
   other OIDC federations. */

#include "credential/federation.h"
#include "credential/lacking.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The audience that Entra ID demands of a federated token, escaped for a URL. */
static const char audience[] = "api%3A%2F%2FAzureADTokenExchange";

static const CredentialKind kind = {
  .name = "github_actions", .fetch = federation_fetch, .cancel = endpoint_cancel,
  .clear = federation_clear, .takes_tenant = 1
};

static Credential *make(Loop *loop, const AuthorityOptions *authority, const char *base,
                        const char *token, Error *error) {
  char *url = text_format("%s%saudience=%s", base, strchr(base, '?') ? "&" : "?", audience);
  char *authorization = text_format("Authorization: bearer %s", token);
  const char *const headers[] = { authorization, "Accept: application/json", NULL };
  Issuer issuer = {
    .name = "GitHub Actions", .kind = &kind, .method = "GET", .url = url, .headers = headers,
    .member = "value"
  };
  int copied = url && authorization;
  Credential *credential = copied ? federation_new(loop, authority, &issuer, error) : NULL;
  text_wipe(authorization);
  free(url);
  return credential;
}

static Credential *lacking(Loop *loop, const char *variable, const char *remedy) {
  return credential_lacking(loop, kind.name, "GitHub Actions", "%s is not set%s", variable, remedy);
}

Credential *credential_github(Loop *loop, const AuthorityOptions *authority, Error *error) {
  AuthorityOptions found = *authority;
  static const char remedy[] = ": the job needs 'permissions: id-token: write'";
  const char *url = text_variable("ACTIONS_ID_TOKEN_REQUEST_URL");
  const char *token = text_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (!found.tenant_id) found.tenant_id = text_variable("AZURE_TENANT_ID");
  if (!found.client_id) found.client_id = text_variable("AZURE_CLIENT_ID");
  Credential *credential = !url ? lacking(loop, "ACTIONS_ID_TOKEN_REQUEST_URL", remedy)
                         : !token ? lacking(loop, "ACTIONS_ID_TOKEN_REQUEST_TOKEN", remedy)
                         : !found.tenant_id ? lacking(loop, "AZURE_TENANT_ID", "")
                         : !found.client_id ? lacking(loop, "AZURE_CLIENT_ID", "")
                         : make(loop, &found, url, token, error);
  if (credential) credential->ambient = 1;
  return credential;
}
