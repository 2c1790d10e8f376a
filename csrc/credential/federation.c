/* federation.c: request a token for an application from a pipeline's own issuer, then exchange it
   for a token of Entra ID. github.c and pipelines.c describe their issuers. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "credential/endpoint.h"
#include "credential/federation.h"
#include "op.h"
#include "platform.h"
#include "text.h"
#include "url.h"

static const double REQUEST_TIMEOUT = 30, ALL_TRIES = 60;      /* seconds */

typedef struct Federation {
  Endpoint *endpoint;
  Client *issuer;
  const char *name, *method, *member;      /* constant texts */
  char  *url;
  char **headers;
} Federation;

static void fail(Fetch *asked, const char *fault) {
  const Federation *state = asked->credential->state;
  fetch_fail(asked, ERROR_CREDENTIAL, "InvalidTokenAnswer",
             "the answer of %s to the request for a federated token %s", state->name, fault);
}

/* Fail a fetch with the issuer's error. headers are the answer's, or NULL without an answer. */
static void refused(Fetch *asked, const Error *refusal, const Headers *headers) {
  const Federation *state = asked->credential->state;
  Error error = { 0 };
  error_copy(&error, refusal);
  error.kind = ERROR_CREDENTIAL;
  char *message = text_format("%s gave no federated token: %s", state->name, refusal->message);
  text_set(&error.message, message);
  /* Azure DevOps' support asks for this id. */
  const char *id = headers ? headers_get(headers, "x-vss-e2eid") : NULL;
  if (id) text_set(&error.request_id, id);
  free(message);
  asked->done(asked, NULL, &error);
  error_clear(&error);
}

static void take_assertion(Fetch *asked, const Reply *reply) {
  const Federation *state = asked->credential->state;
  json_t *answer = reply_json(reply);
  const char *assertion = json_string_value(json_object_get(answer, state->member));
  if (!answer) fail(asked, "is not JSON");
  else if (!assertion || !*assertion) fail(asked, "has no token in it");
  else endpoint_ask_asserted(state->endpoint, assertion, asked);
  json_decref(answer);
}

static void answered(Op *op, void *context) {
  Fetch *asked = context;
  asked->work = NULL;
  if (op_error(op)) refused(asked, op_error(op), &op_reply(op)->headers);
  else take_assertion(asked, op_reply(op));
  op_free(op);
}

void federation_fetch(Credential *credential, Fetch *asked) {
  const Federation *state = credential->state;
  Error error = { 0 };
  Request request = {
    .method = state->method, .url = state->url,
    .headers = (const char *const *)state->headers, .timeout = ALL_TRIES
  };
  Op *op = op_request(state->issuer, &request, &error);
  asked->work = op;
  if (op) op_listen(op, answered, asked);
  else refused(asked, &error, NULL);
  error_clear(&error);
}

static void wipe_headers(char **headers) {
  for (char **line = headers; line && *line; line++) explicit_bzero(*line, strlen(*line));
  text_list_free(headers);
}

static void state_free(Federation *state) {
  endpoint_free(state->endpoint);
  client_unref(state->issuer);
  free(state->url);
  wipe_headers(state->headers);
  free(state);
}

void federation_clear(Credential *credential) { state_free(credential->state); }

static Client *client_of(Loop *loop, const AuthorityOptions *authority, const Issuer *issuer,
                         Error *error) {
  ClientOptions options;
  client_defaults(&options);
  char *origin = url_origin(issuer->url);
  options.endpoint = origin;
  options.ca_file = authority->ca_file;
  options.proxy = authority->proxy;
  options.request_timeout = REQUEST_TIMEOUT;
  options.retry.methods |= retry_method("POST");      /* a repeated token request is harmless */
  int safe = origin && (url_is_secure(origin) || url_is_loopback(origin));
  if (!safe)
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "the address at which %s gives federated tokens must be an https URL", issuer->name);
  Client *client = safe ? client_new(loop, &options, error) : NULL;
  if (client) client->secret = 1;
  free(origin);
  return client;
}

Credential *federation_new(Loop *loop, const AuthorityOptions *authority, const Issuer *issuer,
                           Error *error) {
  Federation *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->name = issuer->name;
  state->method = issuer->method;
  state->member = issuer->member;
  state->url = text_copy(issuer->url);
  state->headers = text_list_copy(issuer->headers);
  state->endpoint = endpoint_new_application(loop, authority, error);
  int copied = state->url && text_list_is_copied(state->headers, issuer->headers);
  state->issuer = copied && state->endpoint ? client_of(loop, authority, issuer, error) : NULL;
  if (state->issuer) return credential_new(loop, issuer->kind, state, authority->client_id);
  state_free(state);
  return NULL;
}
