/* federation.h: exchange a token of a pipeline's own issuer for a token of Entra ID: the common
   part of the kinds for GitHub Actions and Azure Pipelines. */
#ifndef FEDERATION_H
#define FEDERATION_H

#include "credential/endpoint.h"

typedef struct Issuer {           /* borrowed during the call */
  const char *name;               /* a constant text: "GitHub Actions" */
  const CredentialKind *kind;
  const char *method, *url;       /* method: a constant text */
  const char *const *headers;     /* end with NULL; include the authorization */
  const char *member;             /* a constant text: the answer's member that holds the token */
} Issuer;

Credential *federation_new(Loop *loop, const AuthorityOptions *authority, const Issuer *issuer,
                           Error *error);
/* Implement CredentialKind together with endpoint_cancel. */
void federation_fetch(Credential *credential, Fetch *asked);
void federation_clear(Credential *credential);

#endif
