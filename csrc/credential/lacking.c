/* lacking.c: credentials that do not apply on this machine, because variables are not set. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "credential/lacking.h"
#include "text.h"

typedef struct Lacking {
  const char *kind;      /* what it would be; a constant text */
  char *reason;
} Lacking;

static void fetch(Credential *credential, Fetch *asked) {
  const Lacking *state = credential->state;
  Error error = { 0 };
  error_set(&error, ERROR_UNAVAILABLE, "CredentialUnavailable", "%s: %s", credential->principal,
            state->reason);
  error.credential = state->kind;
  asked->done(asked, NULL, &error);
  error_clear(&error);
}

static void cancel(Credential *credential, Fetch *asked) { (void)credential, (void)asked; }

static void clear(Credential *credential) {
  Lacking *state = credential->state;
  free(state->reason);
  free(state);
}

static const CredentialKind kind = {
  .name = "unavailable", .fetch = fetch, .cancel = cancel, .clear = clear, .takes_tenant = 1
};

Credential *credential_lacking(Loop *loop, const char *missing, const char *name,
                               const char *format, ...) {
  Lacking *state = calloc(1, sizeof *state);
  va_list args;
  if (!state) return NULL;
  state->kind = missing;
  va_start(args, format);
  if (vasprintf(&state->reason, format, args) < 0) state->reason = NULL;
  va_end(args);
  if (state->reason) return credential_new(loop, &kind, state, name);
  free(state);
  return NULL;
}
