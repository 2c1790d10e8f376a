/* process.h: run a program that has a keeper. The keeper is a small process between this process
   and the program. It notices the end of this process, also after a crash or a SIGKILL, and ends
   the program then. A program may be kept: then the keeper also ends everything that the program
   has started, daemons included. */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

typedef struct ProcessPlan {
  const char *const *argv;             /* argv[0] is looked up in this process's PATH */
  const char *const *environment;      /* "NAME=VALUE"; the program has no other variables */
  const char *directory;
  int    input, output, errors;        /* its standard descriptors, borrowed; -1: /dev/null */
  int    is_kept;
  double grace;                        /* seconds from SIGTERM to SIGKILL */
} ProcessPlan;

typedef struct Process {
  pid_t keeper;      /* 0: none, or reaped */
  int   line;        /* orders to the keeper; its end tells the keeper that this process ended */
  int   report;      /* what the keeper reports; ready to read when there is news */
  int   has_ended, status;      /* the program's: exit code, 128 + signal; -1: unknown */
} Process;

/* A Process that is not running. */
#define PROCESS_NONE { 0, -1, -1, 0, -1 }

/* Start a program. Return 0, or errno: ENOENT when there is no such program. */
int  process_start(Process *process, const ProcessPlan *plan);

/* Read the keeper's reports. Return 1 when the keeper has exited, so that nothing of a kept program
   is left; else 0. has_ended and status tell of the program itself. */
int  process_look(Process *process);

/* Ask the program to end by SIGTERM, and kill it after its grace time. A kept program takes along
   what it has started. */
void process_stop(Process *process);

/* Kill the program at once. A kept program takes along what it has started. */
void process_kill(Process *process);

/* Kill the program if it still runs, wait for that a moment, and release the descriptors. */
void process_clear(Process *process);

#endif
