/* error.h: (pure) what went wrong, as the core tells it. The border makes Lua's error object from it. */
#ifndef ERROR_H
#define ERROR_H

#include <stdarg.h>

#include "headers.h"

typedef struct Reply {
  int     status;      /* HTTP */
  Headers headers;
  Buf     body;        /* decompressed; its limit bounds what a server may send */
} Reply;

struct json_t *reply_json(const Reply *reply);   /* the body read by jansson, whatever its Content-Type; NULL: it is no JSON. json_decref frees.
                                                    Integers come as reals, so that one too large does not spoil the rest */
void reply_reset(Reply *reply);
void reply_clear(Reply *reply);

typedef enum ErrorKind {
  ERROR_NONE,
  ERROR_TRANSPORT,     /* no reply: DNS, TLS, refused, reset, timeout; message has libcurl's words */
  ERROR_PROTOCOL,      /* a reply that breaks the contract */
  ERROR_HTTP,          /* a reply that refuses */
  ERROR_OPERATION,     /* a long-running operation that failed or was canceled */
  ERROR_CREDENTIAL,    /* no token to be had */
  ERROR_UNAVAILABLE,   /* this credential does not apply here: a chain tries its next link */
  ERROR_USAGE          /* the caller's options are wrong */
} ErrorKind;

typedef struct Error {
  ErrorKind kind;
  int   status;          /* HTTP, 0 if there was no reply */
  char *code;            /* one word to compare, the service's where it gave one */
  char *message;         /* one sentence or more for a person, no control characters */
  char *target;
  char *request_id;      /* x-ms-request-id of the reply; Entra's correlation_id */
  char *body;            /* the reply's JSON text, for details, innererror, additionalInfo; NULL if it is not JSON */
  int   outcome_unknown; /* the request may have been executed, its answer was lost */
  double retry_after;    /* seconds the service asked to wait, 0 if it did not */
} Error;

/* code and message are kept as one line of text, of at most 128 bytes and 1 KiB; all else but kind is reset. */
void error_set(Error *error, ErrorKind kind, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
void error_set_list(Error *error, ErrorKind kind, const char *code, const char *format, va_list args);      /* the same */
void error_from_reply(Error *error, const Reply *reply);      /* ERROR_HTTP from a status of 400 and more: ARM's envelope
                                                                 (error.error too), Entra's, bare {code,message}, text, HTML, nothing */
void error_from_status(Error *error, const Reply *reply, const char *status);   /* ERROR_OPERATION from a monitor or resource that says Failed or
                                                                                   Canceled; status is the code where the body gives none */
void error_note_reply(Error *error, const Reply *reply);      /* status, request_id and retry_after */
void error_remark(Error *error, const char *remark);          /* added to the message */
void error_copy(Error *to, const Error *from);                /* to's old content is released */
void error_move(Error *to, Error *from);
void error_clear(Error *error);

#endif
