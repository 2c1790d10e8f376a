/* loopback.h: listen on a port of this machine for the request with which a browser ends a sign-in.
    */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include "callback.h"
#include "loop.h"

typedef struct Loopback Loopback;
/* Called once, with CALLBACK_CODE or CALLBACK_REFUSED. May free the loopback. */
typedef void LoopbackDone(void *owner, CallbackKind kind, const Callback *callback);

/* Listen for the answer to the sign-in with this state. NULL with errno. */
Loopback *loopback_new(Loop *loop, const char *state, LoopbackDone *done, void *owner);
int  loopback_port(const Loopback *loopback);
/* Close the port. Pages that have been sent still reach the browser. NULL does nothing. */
void loopback_free(Loopback *loopback);

#endif
