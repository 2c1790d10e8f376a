/* workload.c: sign in a workload of a cluster with the token in a file that the cluster renews.
   assertion.c reads the file. Source: spec/contract/auth.md, section 5. */

#include "credential/lacking.h"
#include "text.h"

Credential *credential_workload(Loop *loop, const AuthorityOptions *authority,
                                const char *token_file, Error *error) {
  AuthorityOptions found = *authority;
  int is_explicit = token_file && found.tenant_id && found.client_id;
  if (!found.tenant_id) found.tenant_id = text_variable("AZURE_TENANT_ID");
  if (!found.client_id) found.client_id = text_variable("AZURE_CLIENT_ID");
  if (!token_file) token_file = text_variable("AZURE_FEDERATED_TOKEN_FILE");
  const char *missing = !token_file ? "AZURE_FEDERATED_TOKEN_FILE"
                      : !found.tenant_id ? "AZURE_TENANT_ID"
                      : !found.client_id ? "AZURE_CLIENT_ID"
                      : NULL;
  Credential *credential = missing
    ? credential_lacking(loop, "workload_identity", "workload identity", "%s is not set", missing)
    : credential_assertion(loop, &found, 0, token_file, error);
  if (credential) credential->ambient = !is_explicit;
  return credential;
}
