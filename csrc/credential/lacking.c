/* lacking.c: credentials that do not apply on this machine, because variables are not set. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "credential/lacking.h"
#include "text.h"

static void fetch(Credential *credential, Fetch *asked) {
  const char *reason = credential->state;
  fetch_fail(asked, ERROR_UNAVAILABLE, "CredentialUnavailable", "%s: %s",
             credential->principal, reason);
}

static void cancel(Credential *credential, Fetch *asked) { (void)credential, (void)asked; }
static void clear(Credential *credential) { free(credential->state); }

static const CredentialKind kind = {
  .name = "unavailable", .fetch = fetch, .cancel = cancel, .clear = clear, .takes_tenant = 1
};

Credential *credential_lacking(Loop *loop, const char *name, const char *format, ...) {
  char *reason = NULL;
  va_list args;
  va_start(args, format);
  if (vasprintf(&reason, format, args) < 0) reason = NULL;
  va_end(args);
  return reason ? credential_new(loop, &kind, reason, name) : NULL;
}
