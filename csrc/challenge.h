/* challenge.h: (pure) what WWW-Authenticate demands beyond a valid token. */
#ifndef CHALLENGE_H
#define CHALLENGE_H

#include "headers.h"

typedef enum ChallengeKind {
  CHALLENGE_TOKEN,       /* another token may do, or nothing is said */
  CHALLENGE_CLAIMS,      /* a token with further claims, which *claims has */
  CHALLENGE_UNREADABLE   /* further claims, but which ones cannot be read: another token of the same kind would not do */
} ChallengeKind;

ChallengeKind challenge_read(const Headers *headers, char **claims);      /* *claims: JSON, with what tells Entra ID that we answer challenges;
                                                                             the caller frees */
char *challenge_parameter(const Headers *headers, const char *scheme, const char *name);      /* of the first challenge of the scheme that has it;
                                                                                                 NULL: none. The caller frees */

#endif
