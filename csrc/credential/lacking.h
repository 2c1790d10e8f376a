/* lacking.h: credentials that do not apply here. */
#ifndef LACKING_H
#define LACKING_H

#include "token.h"

/* A credential of that name that says why there is none, as its answer to the first question for a token: a chain goes on. */
Credential *credential_lacking(Loop *loop, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
