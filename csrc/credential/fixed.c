/* fixed.c: serve a token that the caller, or a variable of the environment, has. The token is never
   renewed: after its expiry the service refuses it. */

#include <stdlib.h>
#include <string.h>

#include "credential/lacking.h"
#include "credential/life.h"
#include "text.h"

static const char VARIABLE[] = "AZUREML_TOKEN";

static void fetch(Credential *credential, Fetch *asked) {
  Grant grant = { .token = credential->state };
  double left = credential->ambient ? life_left(0, grant.token) : 0;
  if (left < 0) {
    long minutes = (long)(-left / 60 + 0.5);
    fetch_fail(asked, ERROR_CREDENTIAL, "TokenExpired",
               "the token in %s expired %ld minute%s ago: fetch a new one, or unset the variable",
               VARIABLE, minutes, minutes == 1 ? "" : "s");
    return;
  }
  if (left > 0) grant.expires_in = left;
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

/* Copy a token without blanks around it and without the word Bearer, which people copy with it. */
static char *bare_token(const char *text) {
  static const char blanks[] = " \t\r\n", scheme[] = "Bearer ";
  text += strspn(text, blanks);
  if (strncasecmp(text, scheme, sizeof scheme - 1) == 0) text += sizeof scheme - 1;
  text += strspn(text, blanks);
  return text_format("%.*s", (int)strcspn(text, blanks), text);
}

Credential *credential_token_variable(Loop *loop, Error *error) {
  const char *text = text_variable(VARIABLE);
  char *token = text ? bare_token(text) : NULL;
  if (text && !token) return NULL;
  if (!token || !*token) {
    free(token);
    return credential_lacking(loop, "token", "token", "%s is not set", VARIABLE);
  }
  Credential *credential = credential_fixed(loop, token, error);
  text_wipe(token);
  if (credential) credential->ambient = 1;
  return credential;
}
