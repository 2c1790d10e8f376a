/* loopback.h: a port of this machine to which a browser brings the end of a sign-in. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "callback.h"
#include "loop.h"

typedef struct Loopback Loopback;
typedef void LoopbackDone(void *owner, CallbackKind kind, const Callback *callback);      /* CALLBACK_CODE or CALLBACK_REFUSED, once */

Loopback *loopback_new(Loop *loop, const char *state, LoopbackDone *done, void *owner);   /* NULL with errno */
int  loopback_port(const Loopback *loopback);
void loopback_free(Loopback *loopback);      /* NULL is fine; what was answered still gets to the browser */

#endif
