/* callback.h: (pure) read the HTTP request with which a browser ends a sign-in: a form that the
   browser posts to a port of this machine. */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <stddef.h>

typedef enum CallbackKind {
  CALLBACK_MORE,       /* the request is not complete yet */
  CALLBACK_OTHER,      /* a request for something else, such as the browser's icon */
  CALLBACK_BAD,        /* not the answer to our request: the state differs or a field is repeated */
  CALLBACK_CODE,
  CALLBACK_REFUSED
} CallbackKind;

typedef struct Callback {
  char *code;          /* secret */
  char *error, *description;
} Callback;

enum { CALLBACK_MAX = 64 * 1024 };      /* bytes of a request; a longer request is CALLBACK_BAD */

/* Read a request that answers the sign-in with this state. For CALLBACK_CODE and CALLBACK_REFUSED
   the callback is filled; the caller clears it. */
CallbackKind callback_read(const char *text, size_t len, const char *state, Callback *callback);
void callback_clear(Callback *callback);

#endif
