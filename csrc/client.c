/* client.c: where requests go and under which rules: endpoint, credential, timeouts, allowed
   origins. Leaves sending to op.c. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "text.h"
#include "url.h"

enum { USUAL_SCOPE = 200 };      /* bytes of the name of most throttling scopes */

void client_defaults(ClientOptions *options) {
  memset(options, 0, sizeof *options);
  options->connect_timeout = 10;
  options->request_timeout = 100;
  options->poll_interval = -1;
  options->max_reply = 16u * 1024 * 1024;
  options->retry = retry_default;
}

/* Could this be a scope anywhere? Leave to the token endpoint whether it exists. */
static int is_scope(const char *text) {
  return text && *text && !text_has_control(text, strlen(text));
}

static const char *endpoint_fault(const ClientOptions *options, const char *origin) {
  if (!origin) return "is not an http or https URL such as https://management.azure.com";
  if (strpbrk(url_target(options->endpoint), "?#")) return "must not have a query or a fragment";
  if (!options->credential) return NULL;
  if (!is_scope(options->scope))
    return "needs a scope such as https://management.azure.com/.default";
  if (url_is_secure(options->endpoint)) return NULL;
  if (!url_is_loopback(options->endpoint))
    return "is plain http: a token would travel unencrypted; use https";
  if (options->credential->ambient)
    return "is plain http: credentials found on this machine are not sent there; "
           "give one explicitly";
  return NULL;
}

/* Return 1 and set error when the options are wrong. */
static int is_refused(const ClientOptions *options, const char *origin, Error *error) {
  const char *fault = endpoint_fault(options, origin), *agent = options->user_agent;
  if (fault && errno == ENOMEM) fault = "cannot be checked: there is not enough memory";
  if (fault) {
    char *shown = options->endpoint ? url_redacted(options->endpoint) : NULL;
    error_set(error, ERROR_USAGE, "InvalidEndpoint", "endpoint '%s' %s", shown ? shown : "", fault);
    free(shown);
    return 1;
  }
  if (agent && text_has_control(agent, strlen(agent))) {
    error_set(error, ERROR_USAGE, "InvalidArgument",
              "user_agent must not hold control characters such as a line end");
    return 1;
  }
  return 0;
}

static char *without_final_slashes(const char *endpoint) {
  char *copy = text_copy(endpoint);
  for (size_t len = copy ? strlen(copy) : 0; len && copy[len - 1] == '/'; ) copy[--len] = '\0';
  return copy;
}

/* Copy the texts. Return 0 when memory is short. */
static int copy_texts(Client *client, const ClientOptions *options) {
  const char *agent = options->user_agent ? options->user_agent : "azureml-lua/" AML_VERSION;
  client->endpoint = without_final_slashes(options->endpoint);
  client->scope = text_copy(options->scope);
  client->tenant_id = text_copy(options->tenant_id);
  client->user_agent = text_copy(agent);
  client->proxy = text_copy(options->proxy);
  client->allow_hosts = text_list_copy(options->allow_hosts);
  return client->endpoint && client->user_agent
    && text_is_copied(client->scope, options->scope)
    && text_is_copied(client->tenant_id, options->tenant_id)
    && text_is_copied(client->proxy, options->proxy)
    && text_list_is_copied(client->allow_hosts, options->allow_hosts);
}

/* Choose the certificate authorities. A client that never speaks TLS needs none. Return 0 when
   memory is short. */
static int choose_authorities(Client *client, const ClientOptions *options) {
  if (!url_is_secure(client->endpoint) && !client->allow_hosts) return 1;
  return authorities_choose(&client->authorities, options->ca_file, "");
}

/* Fill in the client's route, which owns origin from here. */
static void open_route(Client *client, char *origin, const ClientOptions *options) {
  client->route = (Route){
    .id = transfer_route(client->loop),
    .origin = origin,
    .is_loopback = url_is_loopback(client->endpoint),
    .user_agent = client->user_agent,
    .ca_file = client->authorities.file,
    .ca_directory = client->authorities.directory,
    .proxy = client->proxy,
    .cookies = options->cookies ? route_share(1) : NULL,
    .connect_timeout = options->connect_timeout,
    .max_reply = options->max_reply
  };
}

Client *client_new(Loop *loop, const ClientOptions *options, Error *error) {
  errno = 0;
  char *origin = options->endpoint ? url_origin(options->endpoint) : NULL;
  if (is_refused(options, origin, error)) {
    free(origin);
    return NULL;
  }
  Client *client = calloc(1, sizeof *client);
  if (!client) goto no_memory;
  client->loop = loop;
  client->refs = 1;
  client->credential = credential_ref(options->credential);
  client->request_timeout = options->request_timeout;
  client->poll_interval = options->poll_interval;
  client->retry = options->retry;
  client->observer = options->observer;
  if (!copy_texts(client, options) || !choose_authorities(client, options)) goto no_memory;
  client->front_len = (size_t)(url_target(client->endpoint) - client->endpoint);
  open_route(client, origin, options);
  if (!options->cookies || client->route.cookies) return client;
  origin = NULL;

no_memory:
  error_set(error, ERROR_USAGE, "OutOfMemory", "there is not enough memory for a client");
  free(origin);
  client_unref(client);
  return NULL;
}

Client *client_ref(Client *client) {
  if (client) client->refs++;
  return client;
}

void client_unref(Client *client) {
  if (!client || --client->refs > 0) return;
  credential_unref(client->credential);
  text_list_free(client->allow_hosts);
  curl_share_cleanup(client->route.cookies);
  free(client->route.origin);
  free(client->endpoint);
  free(client->scope);
  free(client->tenant_id);
  free(client->user_agent);
  authorities_clear(&client->authorities);
  free(client->proxy);
  free(client);
}

void client_secrets(const Client *client, Secrets *secrets) {
  static const char *const variables[] = {
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL
  };
  secrets_add_url(secrets, client->proxy);
  for (const char *const *name = variables; !client->proxy && *name; name++)
    secrets_add_url(secrets, text_variable(*name));
  if (client->credential) tokens_add(client->credential, secrets);
}

const char *client_endpoint(const Client *client) { return client->endpoint; }

/* Return 1 if an entry of allow_hosts permits url. An entry is an origin, or a host name that
   stands for https on its usual port. */
static int allowed_by(const char *entry, const char *url) {
  if (strstr(entry, "://")) return url_same_origin(entry, url);
  char *origin = text_format("https://%s", entry);
  int same = origin && url_same_origin(origin, url);
  free(origin);
  return same;
}

/* Return 1 if a URL begins with the endpoint's own text. Such a URL is on the same origin and need
   not be parsed. */
static int is_at_endpoint(const Client *client, const char *url) {
  size_t len = client->front_len;
  if (strncmp(url, client->endpoint, len) != 0) return 0;
  return url[len] == '/' || url[len] == '?' || url[len] == '\0';
}

const Route *client_route(const Client *client, const char *url, Route *other) {
  if (is_at_endpoint(client, url)) return &client->route;
  *other = client->route;
  other->id = 0;
  other->origin = url_origin(url);
  other->is_loopback = url_is_loopback(url);
  return other;
}

int client_allows(const Client *client, const char *url) {
  if (is_at_endpoint(client, url) || url_same_origin(client->endpoint, url)) return 1;
  if (client->credential && !url_is_secure(url)) return 0;
  for (char **host = client->allow_hosts; host && *host; host++)
    if (allowed_by(*host, url)) return 1;
  return 0;
}

/* Find the subscription in a URL's path. Return where it begins; *len is 0 when there is none. */
static const char *subscription_in(const char *url, size_t *len) {
  static const char before[] = "/subscriptions/";
  const char *target = url_target(url);
  const char *found = text_starts(target, before) ? target : strcasestr(target, before);
  *len = 0;
  if (!found) return "";
  found += sizeof before - 1;
  *len = strcspn(found, "/?");
  return found;
}

ThrottleScope *client_throttle_scope(const Client *client, const char *url) {
  size_t len;
  const char *subscription = subscription_in(url, &len);
  Route other = { 0 };
  const char *origin = client_route(client, url, &other)->origin;
  const char *principal = client->credential ? credential_principal(client->credential) : "";
  Buf name = { 0 };      /* no format, which takes 1,400 instructions */
  buf_reserve(&name, USUAL_SCOPE);
  buf_puts(&name, origin ? origin : "");
  buf_puts(&name, " ");
  buf_puts(&name, principal);
  buf_puts(&name, " ");
  buf_add(&name, subscription, len);
  const char *whole = name.failed ? NULL : name.data;
  ThrottleScope *scope = throttle_scope(loop_throttle(client->loop), whole);
  buf_clear(&name);
  free(other.origin);
  return scope;
}

long client_remaining(const Client *client, const char *url, const char *method) {
  return throttle_remaining(client_throttle_scope(client, url), throttle_kind(method));
}
