/* assertion.c: sign in an application with a signed token of another issuer (a federated identity):
   a handler of the loop's owner returns it, or another program keeps it in a file. The token is
   sent unchanged; Entra ID verifies it. */

#include <stdlib.h>
#include <string.h>

#include "credential/endpoint.h"
#include "file.h"
#include "question.h"
#include "text.h"

enum { MAX_FILE = 64 * 1024 };

typedef struct Asserted {
  Endpoint *endpoint;
  int   handler;         /* 0: the assertion is in a file */
  char *path;            /* NULL: the handler returns the assertion */
} Asserted;

static void fail(Fetch *asked, const char *fault, const char *path) {
  fetch_fail(asked, ERROR_CREDENTIAL, "AssertionUnreadable",
             "the file with the federated token '%s' %s", path, fault);
}

static void trim(Buf *text) {
  size_t begin = 0;
  while (text->len && strchr(" \t\r\n", text->data[text->len - 1]))
    text->data[--text->len] = '\0';
  while (begin < text->len && strchr(" \t\r\n", text->data[begin])) begin++;
  if (!begin) return;
  memmove(text->data, text->data + begin, text->len - begin + 1);
  text->len -= begin;
}

/* Read the file for each fetch: another program renews it. */
static void use_file(const Asserted *state, Fetch *asked) {
  Buf text = { 0 };
  const char *fault = file_read(state->path, MAX_FILE, &text);
  if (!fault) trim(&text);
  if (fault)
    fail(asked, fault, state->path);
  else if (!text.len)
    fail(asked, "is empty", state->path);
  else if (text_has_control(text.data, text.len))
    fail(asked, "holds something that is no token", state->path);
  else
    endpoint_ask_asserted(state->endpoint, text.data, asked);
  buf_wipe(&text);
}

static void answered(Fetch *asked, const Answer *answer, const Error *error) {
  const Asserted *state = asked->credential->state;
  Error empty = { 0 };
  if (answer && answer->text && *answer->text) {
    endpoint_ask_asserted(state->endpoint, answer->text, asked);
    return;
  }
  if (!error)
    error_set(&empty, ERROR_CREDENTIAL, "EmptyAssertion",
              "the credential's function returned no assertion: it must return a signed JWT");
  asked->done(asked, NULL, error ? error : &empty);
  error_clear(&empty);
}

static void use_function(const Asserted *state, Fetch *asked) {
  Error error = { 0 };
  char *audience = endpoint_url(state->endpoint, asked, &error);
  const QuestionField fields[] = {
    { "client_id", endpoint_client_id(state->endpoint), 0 },
    { "audience", audience, 0 },
    { NULL, NULL, 0 }
  };
  if (!audience) asked->done(asked, NULL, &error);
  else if (!question_ask(asked, QUESTION_ASSERTION, state->handler, fields, answered))
    fetch_fail_for_memory(asked);
  free(audience);
  error_clear(&error);
}

static void fetch(Credential *credential, Fetch *asked) {
  const Asserted *state = credential->state;
  if (state->path) use_file(state, asked);
  else use_function(state, asked);
}

static void cancel(Credential *credential, Fetch *asked) {
  question_cancel(asked);
  endpoint_cancel(credential, asked);
}

static void clear(Credential *credential) {
  Asserted *state = credential->state;
  endpoint_free(state->endpoint);
  free(state->path);
  free(state);
}

static const CredentialKind kind = {
  .name = "client_assertion", .fetch = fetch, .cancel = cancel, .clear = clear, .takes_tenant = 1
};

Credential *credential_assertion(Loop *loop, const AuthorityOptions *authority, int handler,
                                 const char *path, Error *error) {
  if (!handler == !path || (path && !*path)) {
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "an assertion is needed: set assertion to a function that returns it, or "
              "assertion_file to a file's path, not both");
    return NULL;
  }
  Endpoint *endpoint = endpoint_new_application(loop, authority, error);
  Asserted *state = endpoint ? calloc(1, sizeof *state) : NULL;
  if (!state) {
    endpoint_free(endpoint);
    return NULL;
  }
  state->endpoint = endpoint;
  state->handler = handler;
  state->path = text_copy(path);
  if (text_is_copied(state->path, path))
    return credential_new(loop, &kind, state, authority->client_id);
  clear(&(Credential){ .state = state });
  return NULL;
}
