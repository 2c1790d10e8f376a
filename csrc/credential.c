/* credential.c: what all kinds of credentials share: reference count, kind and principal. Leaves
   fetching tokens to credential/, and keeping them to token.c. */

#include <stdlib.h>

#include "text.h"
#include "token.h"

Credential *credential_new(Loop *loop, const CredentialKind *kind, void *state,
                           const char *principal) {
  Credential *credential = calloc(1, sizeof *credential);
  Credential made = { .kind = kind, .loop = loop, .state = state };
  if (!credential) {
    kind->clear(&made);      /* releases state */
    return NULL;
  }
  *credential = made;
  credential->refs = 1;
  credential->principal = text_copy(principal);
  return credential;
}

Credential *credential_ref(Credential *credential) {
  if (credential) credential->refs++;
  return credential;
}

void credential_unref(Credential *credential) {
  if (!credential || --credential->refs > 0) return;
  tokens_clear(credential);
  credential->kind->clear(credential);
  free(credential->principal);
  free(credential);
}

const char *credential_kind(const Credential *credential) { return credential->kind->name; }

const char *credential_principal(const Credential *credential) {
  return credential->principal ? credential->principal : "";
}

const Credential *credential_served(const Credential *credential) {
  return credential->kind->served ? credential->kind->served(credential) : credential;
}
