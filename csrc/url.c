/* url.c: (pure) URLs as text. libcurl parses them here because libcurl also connects, so that both
   steps see the same host. A URL from a server is never normalised. */

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "text.h"
#include "url.h"

enum { MAX_HOST = 300 };      /* bytes, with the port; DNS allows 253 */

/* The bytes of a host and its port. '@', '%', '\' and bytes beyond ASCII are left out: two parsers
   could take them for two different hosts. */
static const char HOST_BYTES[] =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";

/* Return the length of "scheme://"; 0: url does not begin with a scheme. */
static size_t scheme_len(const char *url) {
  size_t len = strcspn(url, ":/?#");
  return len && strncmp(url + len, "://", 3) == 0 ? len + 3 : 0;
}

/* -- origins ----------------------------------------------------------------------------------- */

/* Return the length of "https://host:port" as url writes it; 0: it is no http(s) URL. */
static size_t front_len(const char *url) {
  size_t scheme = text_starts(url, "https://") ? 8 : text_starts(url, "http://") ? 7 : 0;
  size_t host = scheme ? strspn(url + scheme, HOST_BYTES) : 0;
  const char *end = url + scheme + host;
  if (!host || host > MAX_HOST) return 0;
  return strchr("/?#", *end) && text_is_visible(end) ? scheme + host : 0;
}

static char *front(const char *url) {
  size_t len = front_len(url);
  return len ? strndup(url, len) : NULL;
}

/* Make the host lower case and drop its final dot. Return 0 when the rest is not a host. */
static int tidy_host(char *host) {
  size_t len = strlen(host);
  if (len && host[len - 1] == '.') host[--len] = '\0';
  for (char *c = host; *c; c++)
    if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
  return len && host[len - 1] != '.';
}

char *url_origin(const char *url) {
  char *begin = url ? front(url) : NULL, *host = NULL, *port = NULL, *origin = NULL;
  CURLU *parts = begin ? curl_url() : NULL;
  if (!parts) goto end;
  if (curl_url_set(parts, CURLUPART_URL, begin, CURLU_DISALLOW_USER) != CURLUE_OK) goto end;
  if (curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK) goto end;
  if (curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK) goto end;
  const char *scheme = url_is_secure(url) ? "https" : "http";
  if (tidy_host(host)) origin = text_format("%s://%s:%s", scheme, host, port);

end:
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(parts);
  free(begin);
  return origin;
}

int url_same_origin(const char *a, const char *b) {
  char *first = url_origin(a), *second = url_origin(b);
  int same = first && second && strcmp(first, second) == 0;
  free(first);
  free(second);
  return same;
}

const char *url_target(const char *url) {
  url += scheme_len(url);
  return url + strcspn(url, "/?#");
}

int url_is_secure(const char *url) { return text_starts(url, "https://"); }

static int host_is_loopback(const char *host) {
  struct in_addr v4;
  struct in6_addr v6;
  if (inet_pton(AF_INET, host, &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, host, &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return strcmp(host, "localhost") == 0;
}

int url_is_loopback(const char *url) {
  char *origin = url_origin(url);
  if (!origin) return 0;
  char *host = strstr(origin, "://") + 3, *end = strrchr(host, ':');
  if (*host == '[') host++, end--;
  *end = '\0';
  int loopback = host_is_loopback(host);
  free(origin);
  return loopback;
}

/* -- references -------------------------------------------------------------------------------- */

/* Join by RFC 3986, 5.3. Neither side has a fragment. The caller frees the result. */
static char *join(const char *base, const char *reference) {
  char *joined = NULL, *copy = NULL;
  CURLU *parts = curl_url();
  if (!parts) return NULL;
  if (curl_url_set(parts, CURLUPART_URL, base, 0) == CURLUE_OK &&
      curl_url_set(parts, CURLUPART_URL, reference, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_URL, &joined, 0) == CURLUE_OK)
    copy = text_copy(joined);
  curl_free(joined);
  curl_url_cleanup(parts);
  return copy;
}

static char *without_fragment(const char *url) { return strndup(url, strcspn(url, "#")); }

/* Complete a relative reference. Keep an absolute one byte for byte: it may be signed. */
static char *complete(const char *base, const char *reference) {
  if (scheme_len(reference)) return without_fragment(reference);
  char *from = without_fragment(base), *to = without_fragment(reference), *url = NULL;
  if (from && to && text_is_visible(to)) url = *to ? join(from, to) : text_copy(from);
  free(from);
  free(to);
  return url;
}

/* Return 1 if url is a URL that can be requested. Skip parsing if it begins as base does: base was
   requested before, and 10,000 operations may lead to the same origin. */
static int is_followable(const char *base, const char *url) {
  size_t len = front_len(url);
  if (!len) return 0;
  if (strncmp(base, url, len) == 0 && len == front_len(base)) return 1;
  char *origin = url_origin(url);
  free(origin);
  return origin != NULL;
}

char *url_resolve(const char *base, const char *reference) {
  char *url = base && reference ? complete(base, reference) : NULL;
  if (url && is_followable(base, url)) return url;
  free(url);
  return NULL;
}

/* -- for people -------------------------------------------------------------------------------- */

static void add_visible(Buf *out, const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] > ' ' && text[i] <= '~') buf_add(out, text + i, 1);
    else buf_printf(out, "%%%02X", (unsigned)(unsigned char)text[i]);
  }
}

/* Append "name=value" with the value hidden. Hide a parameter without a name too: it may be a
   secret. */
static void add_parameter(Buf *out, const char *text, size_t len) {
  static const char HIDDEN[] = "***";
  const char *equals = memchr(text, '=', len);
  if (text_starts(text, "api-version=")) {
    add_visible(out, text, len);
    return;
  }
  if (equals) add_visible(out, text, (size_t)(equals - text) + 1);
  if (len) buf_puts(out, HIDDEN);
}

static void add_query(Buf *out, const char *query) {
  for (const char *separator = "?"; *query && *query != '#'; separator = "&") {
    size_t len = strcspn(query + 1, "&#");
    buf_puts(out, separator);
    add_parameter(out, query + 1, len);
    query += len + 1;
  }
}

/* Return the length of "scheme://", also of a misspelt one such as "http:/" or "//". A path begins
   with one slash. */
static size_t shown_scheme_len(const char *url) {
  size_t len = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  size_t colon = url[len] == ':' && len, slashes = strspn(url + len + colon, "/");
  return colon && slashes ? len + colon + slashes : slashes > 1 && !len ? slashes : 0;
}

/* Return 1 if what follows a colon is no port, so that it may be a password. */
static int has_odd_port(const char *host, size_t len) {
  const char *colon = *host == '[' ? NULL : memchr(host, ':', len);
  return colon && strspn(colon + 1, "0123456789") != (size_t)(host + len - colon) - 1;
}

/* Return the '@' after the user information, or NULL. A password may hold a slash. */
static const char *user_end_of(const char *host, size_t len) {
  const char *end = memrchr(host, '@', len);
  return end || !has_odd_port(host, len) ? end : strrchr(host, '@');
}

char *url_redacted(const char *url) {
  Buf out = { 0 };
  const char *host = url + shown_scheme_len(url), *target = host + strcspn(host, "/?#");
  const char *user_end = user_end_of(host, (size_t)(target - host));
  if (user_end) target = user_end + strcspn(user_end, "/?#");
  size_t path = strcspn(target, "?#");
  add_visible(&out, url, (size_t)(host - url));
  if (user_end) {
    buf_puts(&out, "***");
    host = user_end;
  }
  if (!user_end && has_odd_port(host, (size_t)(target - host))) {
    size_t name = strcspn(host, ":") + 1;
    add_visible(&out, host, name);
    buf_puts(&out, "***");
    host = target;
  }
  add_visible(&out, host, (size_t)(target - host) + path);
  add_query(&out, target + path);
  return buf_take(&out);
}

/* -- escapes ----------------------------------------------------------------------------------- */

#define UNRESERVED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

/* Append the bytes up to the first that is not allowed, or a NUL. Return where they end. */
static const char *add_allowed(Buf *out, const char *text, const char *allowed) {
  size_t len = strspn(text, allowed);
  buf_add(out, text, len);
  return text + len;
}

static void add_escape(Buf *out, char byte) {
  buf_printf(out, "%%%02X", (unsigned)(unsigned char)byte);
}

static int is_unreserved(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) return 1;
  return c == '-' || c == '.' || c == '_' || c == '~';
}

int url_is_unreserved(const char *text, size_t len) {
  while (len && is_unreserved(text[len - 1])) len--;
  return len == 0;
}

void url_escape(Buf *out, const char *text, size_t len) {
  const char *end = text + len;
  for (;;) {
    text = add_allowed(out, text, UNRESERVED);
    if (text >= end) return;
    add_escape(out, *text++);
  }
}

static int is_hex(char c) { return c && strchr("0123456789abcdefABCDEF", c); }

/* Source: RFC 3986, 3.3 to 3.5. A '%' that begins no escape is escaped too. */
char *url_mend(const char *url) {
  static const char ALLOWED[] = UNRESERVED "!$&'()*+,;=:@/?#";
  Buf out = { 0 };
  const char *text = scheme_len(url) ? url_target(url) : url;
  buf_add(&out, url, (size_t)(text - url));
  while (*(text = add_allowed(&out, text, ALLOWED))) {
    if (*text == '%' && is_hex(text[1]) && is_hex(text[2])) buf_puts(&out, "%");
    else add_escape(&out, *text);
    text++;
  }
  return buf_take(&out);
}

/* -- queries ----------------------------------------------------------------------------------- */

/* Does a query, which begins with "?", have a parameter of this name? */
static int has_parameter(const char *query, const char *name, size_t len) {
  while (*query) {
    query++;
    size_t found = strcspn(query, "=&");
    if (found == len && strncasecmp(query, name, len) == 0) return 1;
    query += strcspn(query, "&");
  }
  return 0;
}

char *url_add_query(const char *url, const char *query) {
  Buf out = { 0 };
  const char *present = url + strcspn(url, "?"), *separator = *present ? "&" : "?";
  buf_puts(&out, url);
  while (*query) {
    size_t len = strcspn(query, "&");
    if (len && !has_parameter(present, query, strcspn(query, "=&"))) {
      buf_puts(&out, separator);
      buf_add(&out, query, len);
      separator = "&";
    }
    query += len + (query[len] != '\0');
  }
  return buf_take(&out);
}
