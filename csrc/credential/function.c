/* function.c: get each token from a handler of the loop's owner, such as a Lua function. question.c
   carries the question and the answer. */

#include <stdlib.h>

#include "question.h"

typedef struct Function {
  int handler;
} Function;

static void answered(Fetch *asked, const Answer *answer, const Error *error) {
  if (error) {
    asked->done(asked, NULL, error);
    return;
  }
  Grant grant = {
    .token = answer->text, .expires_in = answer->expires_in, .refresh_in = answer->refresh_in
  };
  asked->done(asked, &grant, NULL);
}

static void fetch(Credential *credential, Fetch *asked) {
  const Function *state = credential->state;
  QuestionField fields[4] = { { "scope", asked->scope, 0 } };
  size_t count = 1;
  if (asked->tenant) fields[count++] = (QuestionField){ "tenant_id", asked->tenant, 0 };
  if (asked->claims) fields[count++] = (QuestionField){ "claims", asked->claims, 0 };
  if (!question_ask(asked, QUESTION_TOKEN, state->handler, fields, answered))
    fetch_fail_for_memory(asked);
}

static void cancel(Credential *credential, Fetch *asked) {
  (void)credential;
  question_cancel(asked);
}

static void clear(Credential *credential) { free(credential->state); }

static const CredentialKind kind = {
  .name = "function", .fetch = fetch, .cancel = cancel, .clear = clear, .takes_tenant = 1
};

Credential *credential_function(Loop *loop, int handler, Error *error) {
  Function *state = handler ? calloc(1, sizeof *state) : NULL;
  if (!handler)
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "token is missing: it is a function that returns an access token");
  if (!state) return NULL;
  state->handler = handler;
  return credential_new(loop, &kind, state, NULL);
}
