/* fixed.c: serve a token that the caller has fetched. The token is never renewed: after its expiry
   the service refuses it. */

#include "text.h"
#include "token.h"

static void fetch(Credential *credential, Fetch *asked) {
  Grant grant = { .token = credential->state };
  asked->done(asked, &grant, NULL);
}

static void cancel(Credential *credential, Fetch *asked) { (void)credential, (void)asked; }
static void clear(Credential *credential) { text_wipe(credential->state); }

static const CredentialKind kind = {
  .name = "token", .fetch = fetch, .cancel = cancel, .clear = clear
};

Credential *credential_fixed(Loop *loop, const char *token, Error *error) {
  if (!token || !*token) {
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "token is missing: it is an access token's text");
    return NULL;
  }
  char *copy = text_copy(token);
  return copy ? credential_new(loop, &kind, copy, NULL) : NULL;
}
