/* url.h: (pure) URLs as text. A URL from a server is kept byte for byte, because it may be signed.
   The texts returned as char * are the caller's to free. */
#ifndef URL_H
#define URL_H

#include "buf.h"

/* Return "https://host:443" in lower case, without a final dot of the host. NULL: url is not an
   absolute http(s) URL, or it has a user name, blanks or a host beyond ASCII. */
char *url_origin(const char *url);
int   url_same_origin(const char *a, const char *b);

/* Return the path and query, a part of url; "" if there is none. */
const char *url_target(const char *url);

/* Resolve a reference by RFC 3986, without the fragment, which is never sent. An absolute reference
   stays as it is. NULL: the result is not an http(s) URL. base is a URL that url_origin accepts. */
char *url_resolve(const char *base, const char *reference);

/* Escape what a path or a query must not hold, such as blanks, quotes, braces and bytes beyond
   ASCII. What is escaped already stays as it is. NULL: memory ran out. */
char *url_mend(const char *url);

/* Append the parameters of a query such as "api-version=1&x=2" whose names url does not have yet;
   case is ignored. url has no fragment. NULL: memory ran out. */
char *url_add_query(const char *url, const char *query);

int url_is_secure(const char *url);        /* https */
int url_is_loopback(const char *url);      /* 127.0.0.0/8, ::1 or localhost */

/* Return the URL for people and logs: of the query only the value of api-version is shown. */
char *url_redacted(const char *url);

/* Return 1 if url_escape would keep a text as it is. */
int url_is_unreserved(const char *text, size_t len);

/* Append one path segment or query value, escaped. */
void url_escape(Buf *out, const char *text, size_t len);

#endif
