/* jwt.h: (pure) JSON web tokens: what one says of its owner, and those that stand for an application. Nothing that is read here is trusted:
   the service alone verifies. */
#ifndef JWT_H
#define JWT_H

#include <time.h>

#include "certificate.h"
#include "signature.h"

char *jwt_claim(const char *jwt, const char *name);      /* a text member of the payload; NULL if there is none. The caller frees */

typedef struct Assertion {
  const Certificate *certificate;
  SignatureKind algorithm;        /* PS256 names the certificate by SHA-256, RS256 by SHA-1, as Entra ID and ADFS want it */
  int  send_chain;                /* the certificates too: for applications that trust a subject and an issuer */
  const char *client_id;
  const char *audience;           /* the token endpoint's URL, to the letter */
  const char *id;                 /* one is not taken twice */
  time_t now;
} Assertion;

char *jwt_assertion(const Assertion *assertion);         /* good for ten minutes; NULL: it cannot be signed. The caller frees */

#endif
