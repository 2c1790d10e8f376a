/* error.h: (pure) replies, and what went wrong, as the core tells it. The border (lua_core.c) makes
   Lua's error object from it. */
#ifndef ERROR_H
#define ERROR_H

#include <stdarg.h>

#include "headers.h"

/* -- replies ----------------------------------------------------------------------------------- */

/* A Reply of zeros is empty. It owns its headers and its body. */
typedef struct Reply {
  int     status;      /* HTTP */
  Headers headers;
  Buf     body;        /* decompressed; its limit bounds what a server may send */
} Reply;

/* Parse the body by jansson, whatever its Content-Type. The caller frees by json_decref.
   Integers become reals, so that a number beyond the range of integers does not spoil the rest.
   NULL: the body is not JSON, or memory is short; errno is ENOMEM only then. */
struct json_t *reply_json(const Reply *reply);

/* Parse the object or array in a body strictly: integers stay integers, and no text holds a NUL.
   These functions skip a byte order mark. */
struct json_t *body_json(const Buf *body);
/* Return the JSON object that a program's output begins with. Programs print notices and colour
   codes behind it. */
struct json_t *body_json_first(const Buf *body);

void reply_reset(Reply *reply);      /* empty it; memory and limits stay */
void reply_clear(Reply *reply);      /* release it */

/* -- errors ------------------------------------------------------------------------------------ */

typedef enum ErrorKind {
  ERROR_NONE,
  ERROR_TRANSPORT,     /* no reply: DNS, TLS, refused, reset, timeout; message quotes libcurl */
  ERROR_PROTOCOL,      /* a reply that breaks the contract */
  ERROR_HTTP,          /* a reply that refuses */
  ERROR_OPERATION,     /* a long-running operation that failed or was canceled */
  ERROR_CREDENTIAL,    /* the credential could not get a token */
  ERROR_UNAVAILABLE,   /* the credential does not apply here: a chain tries its next one */
  ERROR_USAGE          /* the caller's options are wrong */
} ErrorKind;

/* An Error of zeros is no error. It owns its texts; error_clear releases them. */
typedef struct Error {
  ErrorKind kind;
  int   status;            /* HTTP; 0: there was no reply */
  char *code;              /* one word to compare; the service's, if it sent one */
  char *message;           /* one or more sentences for a person, without control characters */
  char *target;
  char *request_id;        /* the reply's x-ms-request-id, or Entra's correlation_id */
  char *more;              /* JSON text: an object with the reply's details, innererror and
                              additionalInfo; NULL: it has none of them */
  const char *credential;  /* the kind of the credential that failed, or whose token was refused;
                              a constant text, or NULL */
  int   outcome_unknown;   /* the service may have executed the request: its answer was lost */
  double retry_after;      /* seconds that the service asked to wait; 0: it asked for no wait */
} Error;

/* Set an error. Keep code as one line of at most 128 bytes and message as one of at most 1 KiB.
   All other fields are reset. code and the arguments may be texts of the old error. */
void error_set(Error *error, ErrorKind kind, const char *code, const char *format, ...)
  __attribute__((format(printf, 4, 5)));
void error_set_list(Error *error, ErrorKind kind, const char *code, const char *format,
                    va_list args);

/* Set ERROR_HTTP from a reply whose status is 400 or more. Reads the envelope of ARM (also nested,
   and as odata.error), Entra's, a bare {code, message}, a message {lang, value}, a list of errors,
   text, HTML, and an empty body. A message that is itself JSON text is read in the same way: the
   innermost code and message count. */
void error_from_reply(Error *error, const Reply *reply);

/* Set ERROR_OPERATION from a monitor or a resource that says Failed or Canceled. status becomes the
   code if the body has none. */
void error_from_status(Error *error, const Reply *reply, const char *status);

/* Set ERROR_OPERATION from the errors that a resource holds, as JSON text. code and message are
   NULL when the text has none. */
void error_from_json(Error *error, const char *text, size_t len);

/* Set only status, request_id and retry_after, from a reply. */
void error_note_reply(Error *error, const Reply *reply);

/* Append a remark to the message. */
void error_remark(Error *error, const char *remark);

/* Copy or move an error. The old content of `to` is released. */
void error_copy(Error *to, const Error *from);
void error_move(Error *to, Error *from);
void error_clear(Error *error);

#endif
