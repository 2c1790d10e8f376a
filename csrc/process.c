/* process.c: run a program under a keeper, a forked copy of this process that only waits. The
   keeper runs no other program, so it takes no memory of its own, and it calls only functions that
   are safe after a fork. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "platform.h"
#include "process.h"

/* Orders, each one byte. The end of the stream means ORDER_STOP. */
enum { ORDER_STOP = 'T', ORDER_KILL = 'K' };

/* Reports: what happened, and a number. */
typedef enum Kind { STARTED, FAILED, EXITED } Kind;
typedef struct Report { int kind, value; } Report;

enum {
  LINE = 3, REPORT = 4,      /* the keeper's descriptors */
  SWEEP_MS = 20,             /* between two sweeps of what is left */
  HANGUP_MS = 500,           /* what is left of an ended program has this time after SIGHUP */
  PATIENCE_MS = 1000         /* how long a killed program's keeper is waited for */
};

/* -- the program ------------------------------------------------------------------------------- */

/* Become the program. Write the errno of a failure to descriptor `failed`. */
static void become(const ProcessPlan *plan, pid_t keeper, int failed) {
  sigset_t none;
  platform_end_with_parent();
  if (getppid() != keeper) _exit(127);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setpgid(0, 0);
  close(LINE);
  close(REPORT);
  if (chdir(plan->directory) == 0)
    platform_exec(plan->argv[0], (char *const *)plan->argv, (char *const *)plan->environment);
  int why = errno;
  if (write(failed, &why, sizeof why) < 0) _exit(126);
  _exit(127);
}

/* -- the keeper -------------------------------------------------------------------------------- */

typedef struct Keeper {
  pid_t  program;
  int    is_kept, has_ended, is_stopping;
  double grace, deadline;      /* deadline: when the rest is killed, while stopping */
} Keeper;

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(Kind kind, int value) {
  Report message = { kind, value };
  if (write(REPORT, &message, sizeof message) < 0) return;      /* the reader is gone */
}

static void signal_all(const Keeper *keeper, int number) {
  if (!keeper->has_ended) kill(-keeper->program, number);
  if (keeper->is_kept) platform_signal_children(number);
}

/* Wait for the children that have ended. Return whether there are others. */
static int reap(Keeper *keeper) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == keeper->program) {
      keeper->has_ended = 1;
      report(EXITED, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
      if (keeper->is_kept && keeper->is_stopping) {
        platform_signal_children(SIGHUP);
        platform_signal_children(SIGTERM);
        double soon = seconds() + HANGUP_MS / 1e3;
        if (soon < keeper->deadline) keeper->deadline = soon;
      }
    }
  return pid == 0;
}

static void stop(Keeper *keeper, double grace) {
  double deadline = seconds() + grace;
  if (keeper->is_stopping && deadline >= keeper->deadline) return;
  if (!keeper->is_stopping) {
    signal_all(keeper, SIGCONT);
    signal_all(keeper, keeper->has_ended ? SIGHUP : SIGTERM);
  }
  keeper->is_stopping = 1;
  keeper->deadline = deadline;
}

/* Read an order. Return 0 at the end of the stream: this process's owner has ended. */
static int take_order(Keeper *keeper) {
  char order;
  ssize_t got = read(LINE, &order, 1);
  if (got < 0) return 1;
  stop(keeper, got == 1 && order == ORDER_KILL ? 0 : keeper->grace);
  return got == 1;
}

/* Return how long to wait; NULL: without a limit. */
static const struct timespec *patience(const Keeper *keeper, struct timespec *time) {
  if (!keeper->is_stopping) return NULL;
  double left = keeper->deadline - seconds();
  if (left <= 0) left = SWEEP_MS / 1e3;
  time->tv_sec = (time_t)left;
  time->tv_nsec = (long)((left - (double)time->tv_sec) * 1e9);
  return time;
}

/* Wait for orders and for the end of the program, until nothing is left to keep. SIGCHLD arrives
   only within pselect. */
static void watch(Keeper *keeper) {
  int has_line = 1;
  struct timespec time;
  sigset_t none;
  sigemptyset(&none);
  while (reap(keeper) && (keeper->is_kept || !keeper->has_ended)) {
    fd_set ready;
    if (keeper->is_stopping && seconds() >= keeper->deadline) signal_all(keeper, SIGKILL);
    FD_ZERO(&ready);
    if (has_line) FD_SET(LINE, &ready);
    if (pselect(LINE + 1, &ready, NULL, NULL, patience(keeper, &time), &none) <= 0) continue;
    if (!take_order(keeper)) has_line = 0;
  }
}

/* Put descriptors in the places that the keeper and the program expect, and close all others. */
static int settle_descriptors(const ProcessPlan *plan, int line, int reports) {
  enum { COUNT = 5, HIGH = 16 };
  int from[COUNT] = { plan->input, plan->output, plan->errors, line, reports };
  int nothing = open("/dev/null", O_RDWR);
  for (int i = 0; i < COUNT; i++) {
    from[i] = fcntl(from[i] < 0 ? nothing : from[i], F_DUPFD, HIGH);
    if (from[i] < 0) return errno;
  }
  for (int i = 0; i < COUNT; i++)
    if (dup2(from[i], i) < 0) return errno;
  platform_close_from(COUNT);
  return 0;
}

/* Let go of the program's descriptors, so that their other ends see the program's end. */
static void drop_descriptors(void) {
  int nothing = open("/dev/null", O_RDWR);
  for (int i = 0; i < 3; i++) dup2(nothing, i);
  if (nothing > 2) close(nothing);
}

/* The signal itself is enough: it ends a wait. */
static void on_end_of_child(int number) { (void)number; }

/* Run the program and keep it. Return the errno of a failure. */
static int keep(const ProcessPlan *plan) {
  Keeper keeper = { .is_kept = plan->is_kept, .grace = plan->grace };
  int ends[2], why = 0;
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGCHLD);
  sigprocmask(SIG_SETMASK, &ending, NULL);
  signal(SIGCHLD, on_end_of_child);
  if (platform_pipe(ends, 0) != 0) return errno;
  if (plan->is_kept) platform_adopt_descendants();
  pid_t self = getpid();
  keeper.program = platform_fork();
  if (keeper.program < 0) return errno;
  if (keeper.program == 0) become(plan, self, ends[1]);
  close(ends[1]);
  if (read(ends[0], &why, sizeof why) == (ssize_t)sizeof why) return why;
  close(ends[0]);
  drop_descriptors();
  report(STARTED, keeper.program);
  watch(&keeper);
  return 0;
}

/* Be the keeper, in a forked process. */
static void run_keeper(const ProcessPlan *plan, int line, int reports) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
  setsid();
  int why = settle_descriptors(plan, line, reports);
  if (why) _exit(127);
  platform_name_process("azureml-keeper");
  if (chdir("/") == 0) why = keep(plan);
  if (why) report(FAILED, why);
  _exit(0);
}

/* -- this process ------------------------------------------------------------------------------ */

static void close_ends(int ends[2]) {
  for (int i = 0; i < 2; i++)
    if (ends[i] >= 0) close(ends[i]);
}

int process_start(Process *process, const ProcessPlan *plan) {
  static const Process none = PROCESS_NONE;
  int line[2] = { -1, -1 }, reports[2] = { -1, -1 }, why;
  Report first = { FAILED, ECHILD };
  sigset_t all, before;
  *process = none;
  if (platform_socket_pair(line) != 0) goto fail;
  if (platform_pipe(reports, 0) != 0) goto fail;
  /* A handler of this process must not run in the keeper. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) run_keeper(plan, line[0], reports[1]);
  why = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = why;
  if (pid < 0) goto fail;
  close(line[0]);
  close(reports[1]);
  line[0] = reports[1] = -1;
  while (read(reports[0], &first, sizeof first) < 0 && errno == EINTR) { }
  if (first.kind == STARTED) {
    fcntl(reports[0], F_SETFL, O_NONBLOCK);
    *process = (Process){ .keeper = pid, .line = line[1], .report = reports[0], .status = -1 };
    return 0;
  }
  waitpid(pid, NULL, 0);
  errno = first.value;

fail:
  why = errno;
  close_ends(line);
  close_ends(reports);
  return why;
}

static void end(Process *process) {
  if (process->keeper > 0) waitpid(process->keeper, NULL, 0);      /* it has closed its reports */
  process->keeper = 0;
  process->has_ended = 1;
}

int process_look(Process *process) {
  Report message;
  ssize_t got = 0;
  if (process->keeper <= 0) return 1;
  while ((got = read(process->report, &message, sizeof message)) == (ssize_t)sizeof message)
    if (message.kind == EXITED) {
      process->has_ended = 1;
      process->status = message.value;
    }
  if (got < 0) return 0;
  end(process);
  return 1;
}

static void order(const Process *process, char byte) {
  if (process->keeper > 0) send(process->line, &byte, 1, MSG_NOSIGNAL);
}

void process_stop(Process *process) { order(process, ORDER_STOP); }

void process_kill(Process *process) { order(process, ORDER_KILL); }

void process_clear(Process *process) {
  struct pollfd ended = { process->report, POLLIN, 0 };
  if (!process_look(process)) {
    process_kill(process);
    while (!process_look(process) && poll(&ended, 1, PATIENCE_MS) > 0) { }
  }
  if (process->line >= 0) close(process->line);
  if (process->report >= 0) close(process->report);
  process->line = process->report = -1;
}
