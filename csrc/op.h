/* op.h: how the core itself follows an operation: a listener instead of events for the owner. */
#ifndef OP_H
#define OP_H

#include "aml.h"

typedef void OpDone(Op *op, void *context);

/* Call done when the operation ends. That call is the operation's last act and may free it. */
void op_listen(Op *op, OpDone *done, void *context);

#endif
