/* environment.c: make the credential of an application from AZURE_* variables: the first complete
   set of them chooses the kind. C reads the variables, so that a secret never passes through Lua.
   Source: spec/contract/auth.md, section 5. */

#include "credential/lacking.h"
#include "text.h"

static int is_switched_on(const char *value) {
  return value && (text_equal(value, "true") || text_equal(value, "1"));
}

static Credential *certificate(Loop *loop, const AuthorityOptions *authority, const char *path,
                               Error *error) {
  CertificateOptions options = {
    .path = path,
    .password = text_variable("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
    .send_chain = is_switched_on(text_variable("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"))
  };
  return credential_certificate(loop, authority, &options, error);
}

/* Return a credential that does not apply here because a variable is missing, and names it. */
static Credential *incomplete(Loop *loop, const AuthorityOptions *found) {
  static const char name[] = "environment";
  const char *missing = !found->tenant_id ? "AZURE_TENANT_ID"
                      : !found->client_id ? "AZURE_CLIENT_ID"
                      : NULL;
  if (missing) return credential_lacking(loop, name, name, "%s is not set", missing);
  if (text_variable("AZURE_USERNAME") || text_variable("AZURE_PASSWORD"))
    return credential_lacking(loop, name, name, "AZURE_USERNAME and AZURE_PASSWORD are not used: "
                              "Microsoft withdraws the sign-in by password");
  return credential_lacking(loop, name, name, "neither AZURE_CLIENT_SECRET nor "
                            "AZURE_CLIENT_CERTIFICATE_PATH is set");
}

Credential *credential_environment(Loop *loop, const AuthorityOptions *authority,
                                   Error *error) {
  AuthorityOptions found = *authority;
  found.tenant_id = text_variable("AZURE_TENANT_ID");
  found.client_id = text_variable("AZURE_CLIENT_ID");
  const char *secret = text_variable("AZURE_CLIENT_SECRET");
  const char *path = text_variable("AZURE_CLIENT_CERTIFICATE_PATH");
  Credential *credential = !found.tenant_id || !found.client_id ? incomplete(loop, &found)
                         : secret ? credential_secret(loop, &found, secret, error)
                         : path ? certificate(loop, &found, path, error)
                         : incomplete(loop, &found);
  if (credential) credential->ambient = 1;
  return credential;
}
