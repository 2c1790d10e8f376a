/* github.c: a workflow of GitHub Actions that may ask for tokens of its own ("permissions:
   id-token: write"). Source: spec/contract/auth.md, section 1: other OIDC federations; the
   variables are GitHub's. */

#include "credential/federation.h"
#include "credential/lacking.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char audience[] = "api%3A%2F%2FAzureADTokenExchange";      /* what Entra ID expects of a federated token */

static const CredentialKind kind = {
  .name = "github_actions", .fetch = federation_fetch, .cancel = endpoint_cancel, .clear = federation_clear, .takes_tenant = 1
};

static Credential *make(Loop *loop, const AuthorityOptions *authority, const char *url, const char *token, Error *error) {
  char *whole = text_format("%s%saudience=%s", url, strchr(url, '?') ? "&" : "?", audience);
  char *authorization = text_format("Authorization: bearer %s", token);
  const char *const headers[] = { authorization, "Accept: application/json", NULL };
  Issuer issuer = { .name = "GitHub Actions", .kind = &kind, .method = "GET", .url = whole, .headers = headers, .member = "value" };
  Credential *credential = federation_new(loop, authority, &issuer, error);
  text_wipe(authorization);
  free(whole);
  return credential;
}

Credential *credential_github(Loop *loop, const AuthorityOptions *authority, Error *error) {
  AuthorityOptions found = *authority;
  const char *url = text_variable("ACTIONS_ID_TOKEN_REQUEST_URL"), *token = text_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (!found.tenant_id) found.tenant_id = text_variable("AZURE_TENANT_ID");
  if (!found.client_id) found.client_id = text_variable("AZURE_CLIENT_ID");
  const char *lacking = !found.tenant_id ? "AZURE_TENANT_ID" : !found.client_id ? "AZURE_CLIENT_ID" : NULL;
  Credential *credential = !url || !token ? credential_lacking(loop, "GitHub Actions", "%s is not set: the job needs 'permissions: id-token: write'",
                                                               url ? "ACTIONS_ID_TOKEN_REQUEST_TOKEN" : "ACTIONS_ID_TOKEN_REQUEST_URL")
                         : lacking ? credential_lacking(loop, "GitHub Actions", "%s is not set", lacking)
                         : make(loop, &found, url, token, error);
  if (credential) credential->ambient = 1;
  return credential;
}
