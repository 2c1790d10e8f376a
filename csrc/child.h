/* child.h: run a program and read what it prints. The program runs without a shell, in its own
   process group, with this process's environment except its secrets, and with none of its
   descriptors. */
#ifndef CHILD_H
#define CHILD_H

#include "buf.h"
#include "loop.h"

typedef struct Child Child;

typedef struct ChildResult {      /* borrowed during the call */
  int  status;              /* exit code; 128 + signal; -1: killed at a limit of time or output */
  int  timed_out;
  Buf *output, *errors;     /* what the program printed */
} ChildResult;

typedef void ChildDone(void *owner, const ChildResult *result);

/* Run a program that is looked up in PATH as argv[0]. timeout is in seconds. Return 0 and *child,
   or errno (ENOENT: there is no such program). done is called later, never during the call; the
   child is freed after it. */
int  child_start(Child **child, Loop *loop, const char *const argv[], double timeout,
                 ChildDone *done, void *owner);
/* Start a program for the user that keeps running after this process. Return 0, or errno. */
int  child_launch(const char *const argv[]);
/* Kill a program and free the child. done is not called. */
void child_cancel(Child *child);

#endif
