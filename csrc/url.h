/* url.h: (pure) URLs as text. What a server gave is kept byte for byte: it may be signed. */
#ifndef URL_H
#define URL_H

#include "buf.h"

char *url_origin(const char *url);            /* "https://host:443" in lower case, without a final dot, or NULL: not an absolute
                                                 http(s) URL, or one with a user name, blanks or a host beyond ASCII. The caller frees */
int   url_same_origin(const char *a, const char *b);
const char *url_target(const char *url);      /* within url: the path and query, "" if there is none */
char *url_resolve(const char *base, const char *reference);  /* RFC 3986 less the fragment, which is never sent; an absolute
                                                                reference comes back as it is; NULL: not an http(s) URL. base is
                                                                one that url_origin knows */
int   url_is_secure(const char *url);         /* https */
int   url_is_loopback(const char *url);       /* 127.0.0.0/8, ::1 or localhost */
char *url_redacted(const char *url);          /* for people and logs: of the query only api-version is shown */
void  url_escape(Buf *out, const char *text, size_t len);    /* one path segment or query value */

#endif
