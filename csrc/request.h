/* request.h: check a request before anything of it is sent. */
#ifndef REQUEST_H
#define REQUEST_H

#include "aml.h"

enum { MAX_HEADERS = 40, MAX_REQUEST_ID = 64 };

/* Return the request's absolute URL: a path follows the client's endpoint. The caller frees it.
   NULL: no memory. */
char *request_url(const Client *client, const Request *request);

/* Return 1 when the request may be sent to url (made by request_url). Else set error, return 0. */
int request_check(const Client *client, const Request *request, const char *url, Error *error);

#endif
