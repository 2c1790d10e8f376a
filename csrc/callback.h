/* callback.h: (pure) what a browser brings back to a port of this machine at the end of a sign-in: one HTTP request with a form. */
#ifndef CALLBACK_H
#define CALLBACK_H

#include <stddef.h>

typedef enum CallbackKind {
  CALLBACK_MORE,       /* it is not whole yet */
  CALLBACK_OTHER,      /* a request for something else, such as the browser's icon */
  CALLBACK_BAD,        /* an answer that is not to our question: without its state, or with anything twice */
  CALLBACK_CODE,
  CALLBACK_REFUSED
} CallbackKind;

typedef struct Callback {
  char *code;          /* secret */
  char *error, *description;
} Callback;

enum { CALLBACK_MAX = 64 * 1024 };      /* bytes of a request; a longer one is CALLBACK_BAD */

CallbackKind callback_read(const char *text, size_t len, const char *state, Callback *callback);
void callback_clear(Callback *callback);

#endif
