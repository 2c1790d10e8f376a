/* jwt.h: (pure) read claims of JSON web tokens and sign the assertions of applications. Claims are
   read without verification: only the service verifies tokens. */
#ifndef JWT_H
#define JWT_H

#include <time.h>

#include "certificate.h"
#include "signature.h"

/* Return a text member of the payload, or NULL if there is no such member. The caller frees. */
char *jwt_claim(const char *jwt, const char *name);

/* Return a number of the payload, such as exp, or 0 if there is no such number. */
double jwt_number(const char *jwt, const char *name);

typedef struct Assertion { /* borrows its texts and its certificate */
  const Certificate *certificate;
  /* PS256 names the certificate by SHA-256, RS256 by SHA-1, as Entra ID and ADFS require it. */
  SignatureKind algorithm;
  /* Send the certificates as well, for applications that trust a subject and an issuer. */
  int send_chain;
  const char *client_id;
  const char *audience; /* the token endpoint's URL, to the letter */
  const char *id;       /* unique: the server accepts each id once */
  time_t now;
} Assertion;

/* Return a signed assertion that is valid for ten minutes, or NULL if the key cannot sign. The
   caller frees. */
char *jwt_assertion(const Assertion *assertion);

#endif
