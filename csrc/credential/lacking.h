/* lacking.h: credentials that do not apply on this machine. */
#ifndef LACKING_H
#define LACKING_H

#include "token.h"

/* Return a credential that does not apply on this machine. Each fetch fails with name and the
   reason, so that a chain tries its next link. missing is the kind that it would be, a constant
   text. */
Credential *credential_lacking(Loop *loop, const char *missing, const char *name,
                               const char *format, ...)
  __attribute__((format(printf, 4, 5)));

#endif
