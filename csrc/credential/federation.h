/* federation.h: a pipeline's own issuer of tokens, which Entra ID trusts for an application: what the kinds for GitHub and Azure Pipelines share. */
#ifndef FEDERATION_H
#define FEDERATION_H

#include "credential/endpoint.h"

typedef struct Issuer {           /* borrowed during the call */
  const char *name;               /* "GitHub Actions" */
  const CredentialKind *kind;
  const char *method, *url;
  const char *const *headers;     /* end with NULL; the authorization among them */
  const char *member;             /* of the answer: the assertion */
} Issuer;

Credential *federation_new(Loop *loop, const AuthorityOptions *authority, const Issuer *issuer, Error *error);
void federation_fetch(Credential *credential, Fetch *asked);      /* for a CredentialKind, with endpoint_cancel */
void federation_clear(Credential *credential);

#endif
