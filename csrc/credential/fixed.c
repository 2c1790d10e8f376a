/* fixed.c: a token that somebody else fetched. It is renewed by nobody: when it ends, the service says so. */

#include "text.h"
#include "token.h"

static void fetch(Credential *credential, Fetch *asked) {
  Grant grant = { .token = credential->state };
  asked->done(asked, &grant, NULL);
}

static void cancel(Credential *credential, Fetch *asked) { (void)credential, (void)asked; }
static void clear(Credential *credential) { text_wipe(credential->state); }

static const CredentialKind kind = { .name = "token", .fetch = fetch, .cancel = cancel, .clear = clear };

Credential *credential_fixed(Loop *loop, const char *token, Error *error) {
  if (!token || !*token) {
    error_set(error, ERROR_USAGE, "InvalidCredential", "token is missing: it is an access token's text");
    return NULL;
  }
  return credential_new(loop, &kind, text_copy(token), NULL);
}
