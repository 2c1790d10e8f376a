/* managed.c: request tokens for the identity that Azure gave to this machine, from an endpoint on
   the machine and without a proxy. managed_place.c chooses the endpoint, managed_answer.c reads the
   answer, managed_arc.c makes the proof that Azure Arc demands. Source: spec/contract/auth.md,
   section 6. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "credential/managed.h"
#include "credential/scope.h"
#include "op.h"
#include "text.h"
#include "url.h"

/* Seconds. The timeouts are short: the endpoint is on this machine or next to it. */
static const double CONNECT = 2, SENDING = 10, PROBE = 1;

/* IMDS is down for up to 70 s during its upgrade (410), and its 404 is transient too. */
static const RetryPolicy imds_policy = {
  .tries = 5, .tries_unanswered = 2, .delay = 1.6, .max_delay = 60,
  .statuses = { 404, 408, 410, 429, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511 }
};
static const RetryPolicy policy = {
  .tries = 3, .delay = 1, .max_delay = 60, .statuses = { 404, 408, 429, 500, 502, 503, 504 }
};
static const RetryPolicy once = { .delay = 1 };

typedef struct Managed {
  ManagedPlace place;
  Client *client;                /* NULL: place.fault tells why */
  Client *prober;                /* NULL: the endpoint is not probed */
  char   *arc_directory;
} Managed;

typedef struct Asking {          /* a running request for a token */
  Fetch *fetch;
  Op    *op;
  int    proven;                 /* the challenge has been answered once */
} Asking;

static Managed *state_of(const Fetch *fetch) { return fetch->credential->state; }

/* -- end --------------------------------------------------------------------------------------- */

static void asking_free(Asking *asking) {
  asking->fetch->work = NULL;
  op_free(asking->op);
  free(asking);
}

static void end_with(Fetch *fetch, ErrorKind kind, const char *code, const char *fault) {
  fetch_fail(fetch, kind, code, "managed identity (%s): %s",
             state_of(fetch)->place.source->name, fault);
}

static void fail(Asking *asking, ErrorKind kind, const char *code, const char *fault) {
  Fetch *fetch = asking->fetch;
  asking_free(asking);
  end_with(fetch, kind, code, fault);
}

static void fail_as_absent(Asking *asking, const char *fault) {
  const ManagedPlace *place = &state_of(asking->fetch)->place;
  const char *reason = place->source->probed ? ": this is no machine in Azure" : "";
  char *text = text_format("%s from %s%s", fault, place->origin, reason);
  fail(asking, ERROR_UNAVAILABLE, "ManagedIdentityUnavailable", text ? text : fault);
  free(text);
}

/* Recognize the answer of Docker Desktop for an address that it cannot reach. */
static int is_unreachable(const Error *error) {
  const char *message = error && error->status == 403 ? error->message : NULL;
  return message && strcasestr(message, "unreachable");
}

/* Fail with the service's own words. If the machine has no such identity, a chain may go on. */
static void refused(Asking *asking, const Error *refusal) {
  Fetch *fetch = asking->fetch;
  const ManagedSource *source = state_of(fetch)->place.source;
  int is_absent = source->probed && refusal->status == 400
                  && refusal->message && strcasestr(refusal->message, "identity not found");
  Error error = { 0 };
  error_set(&error, is_absent ? ERROR_UNAVAILABLE : ERROR_CREDENTIAL, refusal->code,
            "managed identity (%s): %s", source->name,
            refusal->message ? refusal->message : "it refused");
  error.status = refusal->status;
  text_set(&error.request_id, refusal->request_id);
  asking_free(asking);
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
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

/* -- request ----------------------------------------------------------------------------------- */

static void answered(Op *op, void *context);

static void send_request(Asking *asking, Client *client, const Request *request, OpDone *done) {
  static const char no_memory[] = "there is not enough memory";
  Error error = { 0 };
  op_free(asking->op);
  asking->op = op_request(client, request, &error);
  if (asking->op)
    op_listen(asking->op, done, asking);
  else
    fail(asking, ERROR_CREDENTIAL, error.code ? error.code : "OutOfMemory",
         error.message ? error.message : no_memory);
  error_clear(&error);
}

/* Request a token. proof is a header line, or NULL. */
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
  if (resource) url_escape(source->version ? &url : &form, resource, strlen(resource));
  Request request = {
    .method = source->version ? "GET" : "POST", .url = url.data, .headers = headers,
    .body = form.data, .body_len = form.len
  };
  if (resource && !url.failed && !form.failed)
    send_request(asking, state->client, &request, answered);
  else
    fail(asking, ERROR_CREDENTIAL, "OutOfMemory", "there is not enough memory");
  buf_clear(&url);
  buf_clear(&form);
  free(resource);
}

/* Answer a challenge and request the token again. */
static void prove(Asking *asking) {
  Error error = { 0 };
  const char *directory = state_of(asking->fetch)->arc_directory;
  char *proof = managed_arc_proof(op_reply(asking->op), directory, &error);
  asking->proven = 1;
  if (proof) ask(asking, proof);
  else fail(asking, error.kind, error.code, error.message);
  text_wipe(proof);
  error_clear(&error);
}

static void answered(Op *op, void *context) {
  Asking *asking = context;
  const Error *error = op_error(op);
  int may_prove = state_of(asking->fetch)->place.source->challenges && !asking->proven;
  if (!error) granted(asking);
  else if (error->status == 401 && may_prove) prove(asking);
  else if (!error->status || is_unreachable(error)) fail_as_absent(asking, "no answer");
  else refused(asking, error);
}

/* Take the answer to a probe. In other clouds a different service answers on this address, and not
   with JSON. */
static void probed(Op *op, void *context) {
  Asking *asking = context;
  Managed *state = state_of(asking->fetch);
  const Error *error = op_error(op);
  json_t *answer = reply_json(op_reply(op));
  if ((error && !error->status) || is_unreachable(error)) {
    fail_as_absent(asking, "no answer");
  } else if (!answer) {
    fail_as_absent(asking, "not Azure's answer");
  } else {
    client_unref(state->prober);      /* the endpoint exists: never probe it again */
    state->prober = NULL;
    ask(asking, state->place.proof);
  }
  json_decref(answer);
}

/* Send a request without its mandatory header: an endpoint that exists refuses it. */
static void probe(Asking *asking) {
  Managed *state = state_of(asking->fetch);
  Request request = { .method = "GET", .url = state->place.url };
  send_request(asking, state->prober, &request, probed);
}

static void fetch(Credential *credential, Fetch *asked) {
  Managed *state = credential->state;
  const char *fault = state->place.fault;
  Asking *asking = fault ? NULL : calloc(1, sizeof *asking);
  if (!asking) {
    end_with(asked, ERROR_UNAVAILABLE, "ManagedIdentityUnavailable",
             fault ? fault : "there is not enough memory");
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

static const CredentialKind kind = {
  .name = "managed_identity", .fetch = fetch, .cancel = cancel, .clear = clear
};

/* -- opening ----------------------------------------------------------------------------------- */

static Client *transport(Loop *loop, const char *origin, const RetryPolicy *retry,
                         double connect_timeout, double request_timeout, Error *error) {
  ClientOptions options;
  client_defaults(&options);
  options.endpoint = origin;
  options.proxy = "";
  options.connect_timeout = connect_timeout;
  options.request_timeout = request_timeout;
  options.retry = *retry;
  /* A repeated token request is harmless. */
  options.retry.methods = retry_method("GET") | retry_method("POST");
  Client *client = client_new(loop, &options, error);
  if (client) client->secret = 1;
  return client;
}

static int check(const ManagedOptions *options, Error *error) {
  const char *const ids[] = { options->client_id, options->object_id, options->resource_id };
  const char *fault = NULL;
  int count = 0, is_bad = 0;
  for (size_t i = 0; i < 3; i++) {
    count += ids[i] != NULL;
    is_bad |= ids[i] && (!*ids[i] || text_has_control(ids[i], strlen(ids[i])));
  }
  if (count > 1)
    fault = "a managed identity is named by one of client_id, object_id and resource_id, "
            "not by more";
  else if (is_bad)
    fault = "a managed identity's id must not be empty or hold control characters";
  if (fault) error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
  return fault == NULL;
}

static const char *principal_of(const ManagedOptions *options) {
  return options->client_id ? options->client_id
       : options->object_id ? options->object_id
       : options->resource_id;
}

Credential *credential_managed(Loop *loop, const ManagedOptions *options, Error *error) {
  Managed *state = check(options, error) ? calloc(1, sizeof *state) : NULL;
  if (!state) return NULL;
  int found = managed_place_find(&state->place, options);
  const ManagedSource *source = state->place.source;
  state->arc_directory = text_copy(options->arc_directory);
  const char *origin = state->place.origin;
  const RetryPolicy *retry = source->probed ? &imds_policy : &policy;
  int has_place = found && !state->place.fault;
  int probes = has_place && source->probed && options->probe;
  if (has_place) state->client = transport(loop, origin, retry, CONNECT, SENDING, error);
  if (probes) state->prober = transport(loop, origin, &once, PROBE, PROBE, error);
  int complete = found && (!has_place || state->client) && (!probes || state->prober)
    && text_is_copied(state->arc_directory, options->arc_directory);
  if (!complete) {
    clear(&(Credential){ .state = state });
    return NULL;
  }
  const char *principal = principal_of(options);
  if (!principal) principal = "managed_identity";
  Credential *credential = credential_new(loop, &kind, state, principal);
  if (credential) credential->ambient = 1;
  return credential;
}
