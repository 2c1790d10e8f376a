/* pipelines.c: sign in a run of Azure Pipelines with a service connection that Entra ID trusts.
   federation.c exchanges the tokens. Source: spec/contract/auth.md, section 5. */

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "credential/federation.h"
#include "credential/lacking.h"
#include "text.h"
#include "url.h"

static const char API_VERSION[] = "7.1";

static const CredentialKind kind = {
  .name = "azure_pipelines", .fetch = federation_fetch, .cancel = endpoint_cancel,
  .clear = federation_clear, .takes_tenant = 1
};

static char *request_url(const char *base, const char *connection) {
  Buf url = { 0 };
  const char *separator = strchr(base, '?') ? "&" : "?";
  buf_printf(&url, "%s%sapi-version=%s&serviceConnectionId=", base, separator, API_VERSION);
  url_escape(&url, connection, strlen(connection));
  return buf_take(&url);
}

static Credential *make(Loop *loop, const AuthorityOptions *authority, const char *base,
                        const PipelinesOptions *options, Error *error) {
  char *url = request_url(base, options->service_connection_id);
  char *authorization = text_format("Authorization: Bearer %s", options->access_token);
  const char *const headers[] = {
    authorization, "Content-Type: application/json", "X-TFS-FedAuthRedirect: Suppress", NULL
  };
  Issuer issuer = {
    .name = "Azure Pipelines", .kind = &kind, .method = "POST", .url = url, .headers = headers,
    .member = "oidcToken"
  };
  int copied = url && authorization;
  Credential *credential = copied ? federation_new(loop, authority, &issuer, error) : NULL;
  text_wipe(authorization);
  free(url);
  return credential;
}

static int check(const PipelinesOptions *options, Error *error) {
  const char *fault = NULL;
  if (!options->service_connection_id || !*options->service_connection_id)
    fault = "service_connection_id is missing: it is the id in the address of the service "
            "connection's page";
  else if (!options->access_token || !*options->access_token)
    fault = "access_token is missing: map it in the pipeline with "
            "'SYSTEM_ACCESSTOKEN: $(System.AccessToken)'";
  if (fault) error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
  return fault == NULL;
}

Credential *credential_pipelines(Loop *loop, const AuthorityOptions *authority,
                                 const PipelinesOptions *options, Error *error) {
  PipelinesOptions found = *options;
  if (!found.access_token) found.access_token = text_variable("SYSTEM_ACCESSTOKEN");
  const char *url = text_variable("SYSTEM_OIDCREQUESTURI");
  if (!check(&found, error)) return NULL;
  Credential *credential = url
    ? make(loop, authority, url, &found, error)
    : credential_lacking(loop, kind.name, "Azure Pipelines",
                         "SYSTEM_OIDCREQUESTURI is not set: this is no pipeline's run");
  if (credential) credential->ambient = 1;
  return credential;
}
