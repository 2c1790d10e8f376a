/* child.h: a program run for what it prints. No shell; its own process group; our environment less our secrets; none of our descriptors. */
#ifndef CHILD_H
#define CHILD_H

#include "buf.h"
#include "loop.h"

typedef struct Child Child;

typedef struct ChildResult {
  int  status;              /* exit code; 128 + signal; -1: it ran out of time or printed too much, and was killed */
  int  timed_out;
  Buf *output, *errors;     /* what it printed; not the receiver's */
} ChildResult;

typedef void ChildDone(void *owner, const ChildResult *result);

/* argv[0] is looked up in PATH. Returns 0 and *child, or errno (ENOENT: there is no such program). done comes later, never at once. */
int  child_start(Child **child, Loop *loop, const char *const argv[], double timeout, ChildDone *done, void *owner);
/* Starts a program of a person's, which goes on without us: 0, or errno. */
int  child_launch(const char *const argv[]);
void child_cancel(Child *child);     /* kills it; done will not be called */

#endif
