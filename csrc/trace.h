/* trace.h: what went over the wire, one JSON line a sending, for people who want to see it. Never a header, a body, a token or a signature. */
#ifndef TRACE_H
#define TRACE_H

#include "error.h"

typedef struct Trace Trace;

typedef struct TraceLine {       /* borrowed during the call */
  const char *event;             /* "request", "poll", "result" or "token" */
  const char *method, *url;
  int    attempt;                /* 1 for the first */
  int    status;                 /* HTTP; 0: there was no reply */
  size_t bytes;                  /* of the reply's body, decompressed */
  double seconds;
  const char *client_request_id; /* ours; kept over all sendings of one request */
  const char *request_id;        /* the service's, or NULL */
  const char *error;             /* a word, where there was no reply; or NULL */
} TraceLine;

Trace *trace_open(const char *path, Error *error);      /* appends; "-" is standard error. NULL: ERROR_USAGE */
void   trace_write(Trace *trace, const TraceLine *line);      /* NULL traces nothing */
void   trace_close(Trace *trace);

/* A copy with texts of its own, its URL redacted; 0: no memory, copy is cleared. */
int  trace_line_copy(TraceLine *copy, const TraceLine *line);
void trace_line_clear(TraceLine *copy);

#endif
