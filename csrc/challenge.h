/* challenge.h: (pure) read what a WWW-Authenticate header demands beyond a valid token. */
#ifndef CHALLENGE_H
#define CHALLENGE_H

#include "headers.h"

typedef enum ChallengeKind {
  CHALLENGE_TOKEN,       /* another token may help, or the service gives no reason */
  CHALLENGE_CLAIMS,      /* the token must have further claims: *claims */
  CHALLENGE_UNREADABLE   /* the token must have further claims, but their list cannot be decoded */
} ChallengeKind;

/* Read the challenges of a reply. *claims is JSON, or NULL; it includes the capability that tells
   Entra ID that the client answers challenges. The caller frees *claims. */
ChallengeKind challenge_read(const Headers *headers, char **claims);
/* Return a parameter of the first challenge of a scheme that has it, or NULL. The caller frees. */
char *challenge_parameter(const Headers *headers, const char *scheme, const char *name);

#endif
