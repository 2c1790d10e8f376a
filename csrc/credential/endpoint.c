/* endpoint.c: one question to an OAuth token endpoint, and its answer. Which form fields say who asks is the kinds' business. */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "credential/endpoint.h"
#include "op.h"
#include "text.h"
#include "url.h"

static const double REQUEST_TIMEOUT = 30, ALL_TRIES = 60;      /* seconds */

struct Endpoint {
  Client *client;
  char   *path;          /* "/{tenant}/oauth2/v2.0/token" */
  char   *client_id;
};

static int is_tenant(const char *text) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
  return text && *text && strspn(text, allowed) == strlen(text) && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static int check(const AuthorityOptions *options, Error *error) {
  const char *fault = NULL;
  if (!is_tenant(options->tenant_id)) fault = "tenant_id must be a tenant's id or domain name: letters, digits, '.' and '-'";
  else if (!options->client_id || !*options->client_id) fault = "client_id is missing: it is the application's id";
  else if (!url_is_secure(options->authority) && !url_is_loopback(options->authority)) fault = "authority must be an https URL such as https://login.microsoftonline.com";
  if (fault) error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
  return fault == NULL;
}

Endpoint *endpoint_new(Loop *loop, const AuthorityOptions *options, Error *error) {
  ClientOptions transport;
  if (!check(options, error)) return NULL;
  client_defaults(&transport);
  transport.endpoint = options->authority;
  transport.ca_file = options->ca_file;
  transport.proxy = options->proxy;
  transport.request_timeout = REQUEST_TIMEOUT;
  transport.retry.methods |= retry_method("POST");      /* asking twice for a token does no harm */
  Endpoint *endpoint = calloc(1, sizeof *endpoint);
  if (!endpoint) return NULL;
  endpoint->client = client_new(loop, &transport, error);
  if (!endpoint->client) {
    free(endpoint);
    return NULL;
  }
  endpoint->client->secret = 1;
  endpoint->path = text_format("/%s/oauth2/v2.0/token", options->tenant_id);
  endpoint->client_id = text_copy(options->client_id);
  return endpoint;
}

void endpoint_free(Endpoint *endpoint) {
  if (!endpoint) return;
  client_unref(endpoint->client);
  free(endpoint->path);
  free(endpoint->client_id);
  free(endpoint);
}

const char *endpoint_client_id(const Endpoint *endpoint) { return endpoint->client_id; }

void form_add(Buf *form, const char *name, const char *value) {
  if (form->len) buf_puts(form, "&");
  buf_puts(form, name);
  buf_puts(form, "=");
  url_escape(form, value, strlen(value));
}

/* A number, or a text that is one. */
static double seconds_in(const json_t *answer, const char *name) {
  const json_t *value = json_object_get(answer, name);
  double seconds = 0;
  if (json_is_number(value)) seconds = json_number_value(value);
  else if (json_is_string(value)) text_number(json_string_value(value), &seconds);
  return seconds > 0 && seconds < 1e9 ? seconds : 0;
}

static void bad_answer(Fetch *fetch, const char *what) {
  Error error = { 0 };
  error_set(&error, ERROR_CREDENTIAL, "InvalidTokenAnswer", "the token endpoint's answer %s", what);      /* its text may be a cut-off token */
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

static void granted(Fetch *fetch, const Reply *reply) {
  json_t *answer = json_loadb(reply->body.data ? reply->body.data : "", reply->body.len, 0, NULL);
  Grant grant = { json_string_value(json_object_get(answer, "access_token")), seconds_in(answer, "expires_in"), seconds_in(answer, "refresh_in") };
  const char *type = json_string_value(json_object_get(answer, "token_type"));
  if (!answer) bad_answer(fetch, "is not JSON");
  else if (!grant.token) bad_answer(fetch, "has no access_token");
  else if (!text_equal(type, "Bearer")) bad_answer(fetch, "is not of token_type Bearer");
  else if (grant.expires_in <= 0) bad_answer(fetch, "has no usable expires_in");
  else fetch->done(fetch, &grant, NULL);
  json_decref(answer);
}

/* Moves everything that is needed off the op first: done may free whoever asked. */
static void answered(Op *op, void *context) {
  Fetch *fetch = context;
  fetch->work = NULL;
  if (op_error(op)) {
    Error error = { 0 };
    error_copy(&error, op_error(op));
    if (error.kind == ERROR_HTTP) error.kind = ERROR_CREDENTIAL;
    fetch->done(fetch, NULL, &error);
    error_clear(&error);
  } else {
    granted(fetch, op_reply(op));
  }
  op_free(op);
}

void endpoint_ask(Endpoint *endpoint, Buf *form, Fetch *fetch) {
  char id[37], id_line[64];
  text_guid(id);
  snprintf(id_line, sizeof id_line, "client-request-id: %s", id);      /* Entra's name for it; its answers' correlation_id */
  const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded", id_line, NULL };
  Error error = { 0 };
  Request request = { .method = "POST", .url = endpoint->path, .headers = headers, .body = form->data,
    .body_len = form->len, .timeout = ALL_TRIES, .request_id = id };
  Op *op = form->failed ? NULL : op_request(endpoint->client, &request, &error);
  buf_wipe(form);
  if (op) {
    fetch->work = op;
    op_listen(op, answered, fetch);
    return;
  }
  if (error.kind == ERROR_NONE) error_set(&error, ERROR_CREDENTIAL, "OutOfMemory", "there is not enough memory to ask for a token");
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

void endpoint_cancel(Fetch *fetch) {
  op_free(fetch->work);
  fetch->work = NULL;
}
