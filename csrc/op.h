/* op.h: what the core itself asks of an operation: to be told of its end instead of the loop's owner. */
#ifndef OP_H
#define OP_H

#include "aml.h"

typedef void OpDone(Op *op, void *context);

void op_listen(Op *op, OpDone *done, void *context);      /* done is the op's last act and may free it */

#endif
