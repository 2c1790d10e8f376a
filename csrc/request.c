/* request.c: check a request before anything of it is sent. */

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "request.h"
#include "text.h"
#include "url.h"

char *request_url(const Client *client, const Request *request) {
  const char *url = request->url, *endpoint = client->endpoint;
  return *url == '/' ? text_join(endpoint, strlen(endpoint), url) : text_copy(url);
}

static const char *fault_in_method(const char *method) {
  if (!method || !*method) return "a request needs a method";
  int is_word = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method);
  return is_word ? NULL : "a method is a word in capitals such as GET";
}

static const char *fault_in_url(const char *url) {
  if (strchr(url, '#')) return "a URL must not have a fragment: it is not sent";
  if (text_is_visible(url)) return NULL;
  return "a URL must not hold blanks or control characters: escape them";
}

static const char *fault_in_poll_query(const char *query) {
  if (!query || (text_is_visible(query) && !strpbrk(query, "?#"))) return NULL;
  return "poll_query must be an escaped query such as api-version=2024-04-01";
}

static const char *fault_in_headers(const char *const *headers) {
  size_t count = 0;
  for (; headers && headers[count]; count++) {
    if (text_has_control(headers[count], strlen(headers[count])))
      return "a header must not hold control characters such as a line end";
    if (!strchr(headers[count], ':')) return "a header must have the form 'Name: value'";
  }
  return count > MAX_HEADERS ? "there are too many headers" : NULL;
}

static const char *fault_in_request_id(const char *id) {
  if (!id || (text_is_token(id) && strlen(id) < MAX_REQUEST_ID)) return NULL;
  return "a request's id is 1 to 63 visible ASCII characters, such as a GUID";
}

static int refuse_origin(Error *error, const Client *client, const char *url) {
  char *shown = url_redacted(url);
  error_set(error, ERROR_USAGE, "ForeignUrl",
            "%s is not on the origin of %s (allow_hosts permits other origins)",
            shown ? shown : "the URL", client->endpoint);
  free(shown);
  return 0;
}

int request_check(const Client *client, const Request *request, const char *url, Error *error) {
  const Lro *resumed = request->resume;
  const char *fault = fault_in_method(request->method);
  if (!fault) fault = fault_in_url(url);
  if (!fault) fault = fault_in_poll_query(request->poll_query);
  if (!fault) fault = fault_in_headers(request->headers);
  if (!fault) fault = fault_in_request_id(request->request_id);
  if (fault) {
    error_set(error, ERROR_USAGE, "InvalidRequest", "%s", fault);
    return 0;
  }
  if (!client_allows(client, url)) return refuse_origin(error, client, url);
  if (!resumed || client_allows(client, resumed->poll_url)) return 1;
  error_set(error, ERROR_USAGE, "ForeignUrl",
            "the status URL of the operation to resume is not on the origin of %s",
            client->endpoint);
  return 0;
}
