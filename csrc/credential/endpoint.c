/* endpoint.c: request a token from an OAuth token endpoint and read the answer. The kinds of
   credentials add the form fields that prove the client's identity. Source: spec/contract/auth.md,
   section 2. */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "credential/endpoint.h"
#include "credential/life.h"
#include "op.h"
#include "text.h"
#include "url.h"

static const double REQUEST_TIMEOUT = 30, ALL_TRIES = 60;      /* seconds */

struct Endpoint {
  Client *client;
  char   *url;                  /* of the credential's own tenant */
  char   *tenant_id, *client_id;
  char  **allowed_tenants;
  char   *remark;
  int     is_adfs;
};

static void no_memory(Error *error) {
  error_set(error, ERROR_CREDENTIAL, "OutOfMemory",
            "there is not enough memory to ask for a token");
}

static int is_tenant(const char *text) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
  if (!text || !*text || strspn(text, allowed) != strlen(text)) return 0;
  return strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static int check(const AuthorityOptions *options, Error *error) {
  const char *fault = NULL;
  errno = 0;      /* url_is_loopback sets it when memory is short */
  if (!is_tenant(options->tenant_id))
    fault = "tenant_id must be a tenant's id or domain name: letters, digits, '.' and '-'";
  else if (!options->client_id || !*options->client_id)
    fault = "client_id is missing: it is the application's id";
  else if (!url_is_secure(options->authority) && !url_is_loopback(options->authority))
    fault = "authority must be an https URL such as https://login.microsoftonline.com";
  if (fault && errno == ENOMEM) no_memory(error);
  else if (fault) error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
  return fault == NULL;
}

/* Transient errors of Entra ID that its HTTP status does not show: retry them.
   Source: spec/contract/auth.md, section 2. */
static const char *const transient_words[] = { "temporarily_unavailable", "server_error", NULL };
static const int transient_codes[] = { 90006, 90012, 90024, 90033, 90055, 90090, 0 };

static int is_transient_code(double code) {
  for (const int *known = transient_codes; *known; known++)
    if (code == *known) return 1;
  return 0;
}

static int is_transient(const Reply *reply) {
  json_t *answer = reply_json(reply), *code;
  const char *word = json_string_value(json_object_get(answer, "error"));
  int transient = 0;
  size_t i;
  for (const char *const *known = transient_words; word && *known; known++)
    transient |= strcmp(word, *known) == 0;
  json_array_foreach(json_object_get(answer, "error_codes"), i, code)
    transient |= is_transient_code(json_number_value(code));
  json_decref(answer);
  return transient;
}

static Client *transport(Loop *loop, const AuthorityOptions *options, Error *error) {
  ClientOptions client_options;
  client_defaults(&client_options);
  client_options.endpoint = options->authority;
  client_options.ca_file = options->ca_file;
  client_options.proxy = options->proxy;
  client_options.request_timeout = REQUEST_TIMEOUT;
  /* A repeated token request is harmless. */
  client_options.retry.methods |= retry_method("POST");
  Client *client = client_new(loop, &client_options, error);
  if (!client) return NULL;
  client->secret = 1;
  client->is_passing = is_transient;
  return client;
}

static char *url_of(const Endpoint *endpoint, const char *tenant) {
  const char *version = endpoint->is_adfs ? "" : "/v2.0";
  return text_format("%s/%s/oauth2%s/token", endpoint->client->endpoint, tenant, version);
}

Endpoint *endpoint_new(Loop *loop, const AuthorityOptions *options, Error *error) {
  Client *client = check(options, error) ? transport(loop, options, error) : NULL;
  Endpoint *endpoint = client ? calloc(1, sizeof *endpoint) : NULL;
  if (!endpoint) {
    client_unref(client);
    return NULL;
  }
  endpoint->client = client;
  endpoint->is_adfs = text_equal(options->tenant_id, "adfs");
  endpoint->tenant_id = text_copy(options->tenant_id);
  endpoint->allowed_tenants = text_list_copy(options->allowed_tenants);
  endpoint->url = url_of(endpoint, options->tenant_id);
  endpoint->client_id = text_copy(options->client_id);
  if (endpoint->tenant_id && endpoint->url && endpoint->client_id
      && text_list_is_copied(endpoint->allowed_tenants, options->allowed_tenants)) return endpoint;
  endpoint_free(endpoint);
  return NULL;
}

static const char *const shared_tenants[] = { "common", "organizations", "consumers", NULL };

Endpoint *endpoint_new_application(Loop *loop, const AuthorityOptions *options, Error *error) {
  for (const char *const *name = shared_tenants; *name; name++) {
    if (!text_equal(*name, options->tenant_id)) continue;
    error_set(error, ERROR_USAGE, "InvalidCredential",
              "tenant_id '%s' is for people: an application signs in to the tenant that it is "
              "registered in", *name);
    return NULL;
  }
  return endpoint_new(loop, options, error);
}

void endpoint_free(Endpoint *endpoint) {
  if (!endpoint) return;
  client_unref(endpoint->client);
  free(endpoint->url);
  free(endpoint->tenant_id);
  text_list_free(endpoint->allowed_tenants);
  free(endpoint->client_id);
  free(endpoint->remark);
  free(endpoint);
}

const char *endpoint_client_id(const Endpoint *endpoint) { return endpoint->client_id; }

static int allows(const Endpoint *endpoint, const char *tenant) {
  for (char **allowed = endpoint->allowed_tenants; allowed && *allowed; allowed++)
    if (strcmp(*allowed, "*") == 0 || text_equal(*allowed, tenant)) return is_tenant(tenant);
  return text_equal(endpoint->tenant_id, tenant);
}

/* Return 1 if all fetches go to the credential's own tenant, whatever tenant they are for. Source:
   spec/contract/auth.md, section 2. */
static int is_bound(const Endpoint *endpoint) {
  return endpoint->is_adfs || text_variable("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH");
}

char *endpoint_url(const Endpoint *endpoint, const Fetch *fetch, Error *error) {
  int is_own = !fetch->tenant || is_bound(endpoint);
  if (is_own || allows(endpoint, fetch->tenant)) {
    char *url = is_own ? text_copy(endpoint->url) : url_of(endpoint, fetch->tenant);
    if (!url) no_memory(error);
    return url;
  }
  error_set(error, ERROR_CREDENTIAL, "TenantNotAllowed",
            "the credential is for tenant '%s', and a token of '%s' is wanted: "
            "additionally_allowed_tenants must name that one, or '*' for any",
            endpoint->tenant_id, fetch->tenant);
  return NULL;
}

char *endpoint_page(const Endpoint *endpoint, const char *name) {
  const char *end = strrchr(endpoint->url, '/');
  return text_format("%.*s/%s", (int)(end - endpoint->url), endpoint->url, name);
}

int endpoint_is_adfs(const Endpoint *endpoint) { return endpoint->is_adfs; }

void endpoint_remark(Endpoint *endpoint, const char *remark) {
  text_set(&endpoint->remark, remark);
}

void form_add(Buf *form, const char *name, const char *value) {
  if (!value) form->failed = 1;
  if (form->failed) return;
  if (form->len) buf_puts(form, "&");
  buf_puts(form, name);
  buf_puts(form, "=");
  url_escape(form, value, strlen(value));
}

void form_begin(Buf *form, const Endpoint *endpoint, const char *grant_type) {
  form_add(form, "grant_type", grant_type);
  form_add(form, "client_id", endpoint->client_id);
}

void form_end(Buf *form, const Fetch *fetch) {
  form_add(form, "scope", fetch->scope);
  if (fetch->claims) form_add(form, "claims", fetch->claims);
}

/* Fail a fetch. Leave the answer's text out of the message: it may hold a part of a token. */
static void bad_answer(Fetch *fetch, const char *fault) {
  fetch_fail(fetch, ERROR_CREDENTIAL, "InvalidTokenAnswer",
             "the token endpoint's answer %s", fault);
}

static void granted(Fetch *fetch, const Reply *reply) {
  errno = 0;
  json_t *answer = body_json(&reply->body);
  int lacks_memory = errno == ENOMEM;
  Grant grant = {
    .token = json_string_value(json_object_get(answer, "access_token")),
    .expires_in = life_seconds(answer, "expires_in"),
    .refresh_in = life_seconds(answer, "refresh_in"),
    .refresh_token = json_string_value(json_object_get(answer, "refresh_token"))
  };
  const char *type = json_string_value(json_object_get(answer, "token_type"));
  if (lacks_memory) fetch_fail_for_memory(fetch);
  else if (!answer) bad_answer(fetch, "is not JSON");
  else if (!grant.token) bad_answer(fetch, "has no access_token");
  else if (!text_equal(type, "Bearer")) bad_answer(fetch, "is not of token_type Bearer");
  else if (grant.expires_in <= 0) bad_answer(fetch, "has no usable expires_in");
  else fetch->done(fetch, &grant, NULL);
  json_decref(answer);
}

static void refused(Fetch *fetch, const Error *refusal, const char *remark) {
  Error error = { 0 };
  error_copy(&error, refusal);
  if (error.kind == ERROR_HTTP) {
    error.kind = ERROR_CREDENTIAL;
    if (remark) error_remark(&error, remark);
  }
  fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

/* Take the answer. Free the operation last, and read nothing of the fetch after its end: done may
   free the fetch and its credential. */
static void answered(Op *op, void *context) {
  Fetch *fetch = context;
  const Endpoint *endpoint = op_owner(op);
  fetch->work = NULL;
  if (op_error(op)) refused(fetch, op_error(op), endpoint->remark);
  else granted(fetch, op_reply(op));
  op_free(op);
}

Op *endpoint_post(Endpoint *endpoint, const char *url, Buf *form, OpDone *done, void *context,
                  Error *error) {
  char id[37], id_line[64];
  text_guid(id);
  /* Entra ID reads this header, and returns its value as correlation_id. */
  snprintf(id_line, sizeof id_line, "client-request-id: %s", id);
  const char *const headers[] = {
    "Content-Type: application/x-www-form-urlencoded", id_line, NULL
  };
  Request request = {
    .method = "POST", .url = url, .headers = headers, .body = form->data, .body_len = form->len,
    .timeout = ALL_TRIES, .request_id = id
  };
  Op *op = form->failed || !url ? NULL : op_request(endpoint->client, &request, error);
  buf_wipe(form);
  if (op) {
    op_set_owner(op, endpoint);
    op_listen(op, done, context);
  } else if (error->kind == ERROR_NONE) {
    no_memory(error);
  }
  return op;
}

void endpoint_ask(Endpoint *endpoint, Buf *form, Fetch *fetch) {
  Error error = { 0 };
  char *url = endpoint_url(endpoint, fetch, &error);
  if (url) fetch->work = endpoint_post(endpoint, url, form, answered, fetch, &error);
  else buf_wipe(form);
  free(url);
  if (!fetch->work) fetch->done(fetch, NULL, &error);
  error_clear(&error);
}

void endpoint_ask_asserted(Endpoint *endpoint, const char *assertion, Fetch *fetch) {
  Buf form = { 0 };
  form_begin(&form, endpoint, "client_credentials");
  form_add(&form, "client_assertion_type",
           "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  form_add(&form, "client_assertion", assertion);
  form_end(&form, fetch);
  endpoint_ask(endpoint, &form, fetch);
}

void endpoint_cancel(Credential *credential, Fetch *fetch) {
  (void)credential;
  op_free(fetch->work);
  fetch->work = NULL;
}
