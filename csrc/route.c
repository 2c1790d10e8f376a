/* route.c: set up a libcurl handle for an origin. */

#include "platform.h"
#include "route.h"

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)user, (void)purpose;
  return platform_socket(address->family, address->socktype, address->protocol);
}

int route_text(CURL *easy, CURLoption option, const char *text) {
  return curl_easy_setopt(easy, option, text) != CURLE_OUT_OF_MEMORY;
}

/* Set both options: with a directory beside it libcurl reads a file again for each connection. */
static int set_authorities(CURL *easy, const Route *route) {
  if (!route->ca_file && !route->ca_directory) return 1;
  return route_text(easy, CURLOPT_CAINFO, route->ca_file)
    && route_text(easy, CURLOPT_CAPATH, route->ca_directory);
}

static int set_limits(CURL *easy, const Route *route) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(route->connect_timeout * 1000));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);      /* else a hung name lookup blocks the loop */
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
  return route_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return 1;
#endif
}

static int set_proxy(CURL *easy, const Route *route) {
  if (route->proxy) return route_text(easy, CURLOPT_PROXY, route->proxy);
  return !route->is_loopback || route_text(easy, CURLOPT_NOPROXY, "*");
}

int route_apply(CURL *easy, const Route *route) {
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  return set_limits(easy, route)
    && set_authorities(easy, route)
    && set_proxy(easy, route)
    && route_text(easy, CURLOPT_USERAGENT, route->user_agent);
}

static int add_kind(CURLSH *share, curl_lock_data kind) {
  return curl_share_setopt(share, CURLSHOPT_SHARE, kind) == CURLSHE_OK;
}

CURLSH *route_share(int with_cookies) {
  CURLSH *share = curl_share_init();
  int is_whole = share && add_kind(share, CURL_LOCK_DATA_SSL_SESSION)
    && (!with_cookies || add_kind(share, CURL_LOCK_DATA_COOKIE));
  if (is_whole) return share;
  curl_share_cleanup(share);
  return NULL;
}
