/* managed.c: the identity that Azure gave to this machine: one question on the machine itself, past
   every proxy. Which endpoint it goes to is managed_place.c's, what comes back managed_answer.c's,
   and the proof that Arc wants managed_arc.c's. Source: spec/contract/auth.md, section 6. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "credential/managed.h"
#include "credential/scope.h"
#include "op.h"
#include "text.h"
#include "url.h"

static const double CONNECT = 2, SENDING = 10, PROBE = 1;      /* seconds: what is asked is on this machine, or next to it */

/* IMDS is away for up to 70 s while it is upgraded (410), and its 404 passes too; nowhere else is a 404 of this kind. */
static const RetryPolicy imds_policy = { .tries = 5, .tries_unanswered = 2, .delay = 1.6, .max_delay = 60,
  .statuses = { 404, 408, 410, 429, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511 } };
static const RetryPolicy policy = { .tries = 3, .delay = 1, .max_delay = 60, .statuses = { 404, 408, 429, 500, 502, 503, 504 } };
static const RetryPolicy once = { .delay = 1 };

typedef struct Managed {
  ManagedPlace place;
  Client *client, *prober;       /* NULL: place.fault says why; it is not probed */
  char   *arc_directory;
} Managed;

typedef struct Asking {          /* one question for a token, on its way */
  Fetch *fetch;
  Op    *op;
  int    proven;
} Asking;

static Managed *state_of(const Fetch *fetch) { return fetch->credential->state; }

/* -- the end ------------------------------------------------------------------------------------------------------------ */

static void asking_free(Asking *asking) {
  asking->fetch->work = NULL;
  op_free(asking->op);
  free(asking);
}

static void end_with(Fetch *fetch, ErrorKind kind, const char *code, const char *what) {
  fetch_fail(fetch, kind, code, "managed identity (%s): %s", state_of(fetch)->place.source->name, what);
}

static void refuse(Asking *asking, ErrorKind kind, const char *code, const char *what) {
  Fetch *fetch = asking->fetch;
  asking_free(asking);
  end_with(fetch, kind, code, what);
}

static void nobody_there(Asking *asking, const char *what) {
  const ManagedPlace *place = &state_of(asking->fetch)->place;
  char *text = text_format("%s from %s%s", what, place->origin, place->source->probed ? ": this is no machine in Azure" : "");
  refuse(asking, ERROR_UNAVAILABLE, "ManagedIdentityUnavailable", text);
  free(text);
}

/* Docker's desktop answers for an address that it cannot reach. */
static int is_unreachable(const Error *error) {
  return error && error->status == 403 && strcasestr(error->message, "unreachable");
}

/* The service's refusal, said as it said it. That this machine has no such identity lets a chain go on. */
static void refused(Asking *asking, const Error *error) {
  Fetch *fetch = asking->fetch;
  int none = state_of(fetch)->place.source->probed && error->status == 400 && strcasestr(error->message, "identity not found");
  Error told = { 0 };
  error_set(&told, none ? ERROR_UNAVAILABLE : ERROR_CREDENTIAL, error->code, "managed identity (%s): %s", state_of(fetch)->place.source->name, error->message);
  told.status = error->status;
  text_set(&told.request_id, error->request_id);
  asking_free(asking);
  fetch->done(fetch, NULL, &told);
  error_clear(&told);
}

static void granted(Asking *asking) {
  const Buf *body = &op_reply(asking->op)->body;
  json_t *answer = body_json(body);
  Grant grant = { 0 };
  const char *fault = managed_answer_read(answer, &grant);
  Fetch *fetch = asking->fetch;
  asking_free(asking);
  if (fault) end_with(fetch, ERROR_CREDENTIAL, "InvalidTokenAnswer", fault);
  else fetch->done(fetch, &grant, NULL);
  json_decref(answer);
}

/* -- the question ------------------------------------------------------------------------------------------------------- */

static void answered(Op *op, void *context);

static void pose(Asking *asking, Client *client, const Request *request, OpDone *done) {
  Error error = { 0 };
  op_free(asking->op);
  asking->op = op_request(client, request, &error);
  if (asking->op) op_listen(asking->op, done, asking);
  else refuse(asking, ERROR_CREDENTIAL, error.code ? error.code : "OutOfMemory", error.message ? error.message : "there is not enough memory");
  error_clear(&error);
}

/* proof: a header line, or NULL. */
static void ask(Asking *asking, const char *proof) {
  Managed *state = state_of(asking->fetch);
  const ManagedSource *source = state->place.source;
  char *resource = scope_resource(asking->fetch->scope);
  Buf url = { 0 }, form = { 0 };
  const char *headers[4] = { 0 };
  size_t count = 0;
  if (!source->header) headers[count++] = "Metadata: true";
  if (!source->version) headers[count++] = "Content-Type: application/x-www-form-urlencoded";
  if (proof) headers[count++] = proof;
  buf_puts(&url, state->place.url);
  if (!source->version) buf_puts(&form, "resource=");
  url_escape(source->version ? &url : &form, resource, strlen(resource));
  Request request = { .method = source->version ? "GET" : "POST", .url = url.data, .headers = headers, .body = form.data, .body_len = form.len };
  pose(asking, state->client, &request, answered);
  buf_clear(&url);
  buf_clear(&form);
  free(resource);
}

static void prove(Asking *asking) {
  Error error = { 0 };
  char *proof = managed_arc_proof(op_reply(asking->op), state_of(asking->fetch)->arc_directory, &error);
  asking->proven = 1;
  if (proof) ask(asking, proof);
  else refuse(asking, error.kind, error.code, error.message);
  text_wipe(proof);
  error_clear(&error);
}

static void answered(Op *op, void *context) {
  Asking *asking = context;
  const Error *error = op_error(op);
  if (!error) granted(asking);
  else if (error->status == 401 && state_of(asking->fetch)->place.source->challenges && !asking->proven) prove(asking);
  else if (!error->status || is_unreachable(error)) nobody_there(asking, "no answer");
  else refused(asking, error);
}

/* Whoever answers on that address in another cloud answers with something else. */
static void probed(Op *op, void *context) {
  Asking *asking = context;
  Managed *state = state_of(asking->fetch);
  const Error *error = op_error(op);
  json_t *answer = reply_json(op_reply(op));
  if ((error && !error->status) || is_unreachable(error)) {
    nobody_there(asking, "no answer");
  } else if (!answer) {
    nobody_there(asking, "not Azure's answer");
  } else {
    client_unref(state->prober);      /* it is there: not asked again */
    state->prober = NULL;
    ask(asking, state->place.proof);
  }
  json_decref(answer);
}

/* Without the header that a question needs: it is refused, by whoever is there. */
static void probe(Asking *asking) {
  Managed *state = state_of(asking->fetch);
  Request request = { .method = "GET", .url = state->place.url };
  pose(asking, state->prober, &request, probed);
}

static void fetch(Credential *credential, Fetch *asked) {
  Managed *state = credential->state;
  Asking *asking = state->place.fault ? NULL : calloc(1, sizeof *asking);
  if (!asking) {
    end_with(asked, ERROR_UNAVAILABLE, "ManagedIdentityUnavailable", state->place.fault ? state->place.fault : "there is not enough memory");
    return;
  }
  asking->fetch = asked;
  asked->work = asking;
  if (state->prober) probe(asking);
  else ask(asking, state->place.proof);
}

static void cancel(Credential *credential, Fetch *asked) {
  (void)credential;
  if (asked->work) asking_free(asked->work);
}

static void clear(Credential *credential) {
  Managed *state = credential->state;
  client_unref(state->client);
  client_unref(state->prober);
  managed_place_clear(&state->place);
  free(state->arc_directory);
  free(state);
}

static const CredentialKind kind = { .name = "managed_identity", .fetch = fetch, .cancel = cancel, .clear = clear };

/* -- opening ------------------------------------------------------------------------------------------------------------ */

static Client *transport(Loop *loop, const char *origin, const RetryPolicy *retry, double connect, double sending, Error *error) {
  ClientOptions options;
  client_defaults(&options);
  options.endpoint = origin;
  options.proxy = "";
  options.connect_timeout = connect;
  options.request_timeout = sending;
  options.retry = *retry;
  options.retry.methods = retry_method("GET") | retry_method("POST");      /* asking twice for a token does no harm */
  Client *client = client_new(loop, &options, error);
  if (client) client->secret = 1;
  return client;
}

static int check(const ManagedOptions *options, Error *error) {
  const char *const ids[] = { options->client_id, options->object_id, options->resource_id };
  int given = 0, empty = 0;
  for (size_t i = 0; i < 3; i++) {
    given += ids[i] != NULL;
    empty |= ids[i] && (!*ids[i] || text_has_control(ids[i], strlen(ids[i])));
  }
  if (given <= 1 && !empty) return 1;
  error_set(error, ERROR_USAGE, "InvalidCredential", given > 1 ? "a managed identity is named by one of client_id, object_id and resource_id, not by more"
                                                               : "a managed identity's id must not be empty or hold control characters");
  return 0;
}

static const char *principal_of(const ManagedOptions *options) {
  return options->client_id ? options->client_id : options->object_id ? options->object_id : options->resource_id;
}

Credential *credential_managed(Loop *loop, const ManagedOptions *options, Error *error) {
  Managed *state = check(options, error) ? calloc(1, sizeof *state) : NULL;
  if (!state) return NULL;
  managed_place_find(&state->place, options);
  const ManagedSource *source = state->place.source;
  state->arc_directory = text_copy(options->arc_directory);
  if (!state->place.fault) state->client = transport(loop, state->place.origin, source->probed ? &imds_policy : &policy, CONNECT, SENDING, error);
  if (state->client && source->probed && options->probe) state->prober = transport(loop, state->place.origin, &once, PROBE, PROBE, error);
  const char *principal = principal_of(options);
  Credential *credential = credential_new(loop, &kind, state, principal ? principal : "managed_identity");
  if (credential) credential->ambient = 1;
  return credential;
}
