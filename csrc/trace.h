/* trace.h: write what goes over the wire as JSON lines, one for each attempt of a request. A line
   holds no header, no body, no token and no signature. */
#ifndef TRACE_H
#define TRACE_H

#include "error.h"

typedef struct Trace Trace;

typedef struct TraceLine {       /* borrowed during the call */
  const char *event;             /* "request", "poll", "result", "token" or
                                    "websocket": its opening */
  const char *method, *url;
  int    attempt;                /* from 1 */
  int    status;                 /* HTTP; 0: no reply */
  size_t bytes;                  /* of the reply's body, decompressed */
  double seconds;
  double retry_after;            /* seconds that the reply asks to wait; 0: it does not */
  const char *client_request_id; /* ours; the same for all attempts of a request */
  const char *request_id;        /* the service's, or NULL */
  const char *error;             /* the error's code if there was no reply, else NULL */
} TraceLine;

/* What one attempt of a request sent and received, for a recording. Its owner frees the texts. */
typedef struct Recorded {
  char *url;                     /* whole: with what a TraceLine hides */
  char *sent;                    /* the request's body, or NULL */
  char *headers;                 /* "Name: value" lines of the reply, each with a line feed */
  char *body;                    /* of the reply; NULL: it is no text, or there is no reply */
} Recorded;

/* Open a trace that appends to a file; "-" is standard error. NULL: ERROR_USAGE. */
Trace *trace_open(const char *path, Error *error);
/* Write a line. Without a trace (NULL) do nothing. */
void   trace_write(Trace *trace, const TraceLine *line);
void   trace_close(Trace *trace);

/* Copy a line: the copy owns its texts, and its URL is redacted. Return 1, or 0 if memory runs out;
   the copy is cleared then. */
int  trace_line_copy(TraceLine *copy, const TraceLine *line);
void trace_line_clear(TraceLine *copy);

/* Overwrite and free the texts: they may be secret. */
void recorded_clear(Recorded *recorded);

#endif
