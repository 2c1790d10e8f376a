/* route.h: how the requests of one client reach one origin, as options of a libcurl handle. */
#ifndef ROUTE_H
#define ROUTE_H

#include <curl/curl.h>

/* Borrowed during transfer_start and stream_open. */
typedef struct Route {
  unsigned    id;                /* handles that served this route serve it again without setup;
                                    0: the handle is set up for one transfer */
  char       *origin;            /* "https://host:443" */
  int         is_loopback;
  const char *user_agent, *proxy;
  const char *ca_file, *ca_directory;      /* at most one; both NULL: libcurl's own choice */
  CURLSH     *cookies;           /* and the TLS sessions of this route; must live until the transfer
                                    ends; NULL: no cookies */
  double      connect_timeout;   /* seconds */
  size_t      max_reply;         /* bytes of the body, after decompression */
} Route;

/* Set the options that all that goes this way shares: addresses, proxy, certificate authorities,
   the time to connect. Return 0 when memory is short. */
int route_apply(CURL *easy, const Route *route);

/* Give libcurl a text to copy. Return 0 when memory is short: it must not send without the text. */
int route_text(CURL *easy, CURLoption option, const char *text);

/* Create what handles share: TLS sessions, and cookies if wanted. The handles must end before it.
   NULL: no memory. Each share has TLS sessions: a handle that moves from a share without them to
   one that has them leaks its own, in libcurl 7.88. */
CURLSH *route_share(int with_cookies);

#endif
