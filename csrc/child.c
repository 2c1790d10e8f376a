/* child.c: run a program under the loop and collect what it prints. The caller reads the output. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "platform.h"

enum { MAX_OUTPUT = 1024 * 1024 };

/* Seconds that the program's own children may hold the pipes after the program has exited. */
static const double GRACE = 0.1;

extern char **environ;

typedef struct Pipe {
  Watch  watch;        /* fd -1 after the end of the pipe */
  Child *child;
  Buf    text;
} Pipe;

struct Child {
  Loop  *loop;
  pid_t  pid;          /* also its process group; 0 after waitpid */
  Pipe   output, errors;
  Watch  exit;         /* ready at its end; -1: not available, or that has been seen */
  Timer  deadline, reaper, grace;
  int    status, timed_out;
  ChildDone *done;
  void  *owner;
};

static const char *const secrets[] = {
  "AZURE_CLIENT_SECRET=", "AZURE_PASSWORD=", "AZURE_CLIENT_CERTIFICATE_PASSWORD=", "AZUREML_TOKEN="
};

static int is_secret(const char *variable) {
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
    if (strncmp(variable, secrets[i], strlen(secrets[i])) == 0) return 1;
  return 0;
}

/* Return the environment without its secrets. The list is the caller's, its texts are not. */
static char **clean_environment(void) {
  size_t count = 0, kept = 0;
  while (environ && environ[count]) count++;
  char **clean = calloc(count + 1, sizeof *clean);
  for (size_t i = 0; clean && i < count; i++)
    if (!is_secret(environ[i])) clean[kept++] = environ[i];
  return clean;
}

static void pipe_end(Pipe *pipe) {
  if (pipe->watch.fd < 0) return;
  loop_watch_remove(pipe->child->loop, &pipe->watch);
  close(pipe->watch.fd);
  pipe->watch.fd = -1;
}

static void exit_seen(Child *child) {
  if (child->exit.fd < 0) return;
  loop_watch_remove(child->loop, &child->exit);
  close(child->exit.fd);
  child->exit.fd = -1;
}

static void child_free(Child *child) {
  pipe_end(&child->output);
  pipe_end(&child->errors);
  exit_seen(child);
  loop_timer_stop(child->loop, &child->deadline);
  loop_timer_stop(child->loop, &child->reaper);
  loop_timer_stop(child->loop, &child->grace);
  loop_flight(child->loop, -1);
  buf_wipe(&child->output.text);      /* az prints a token */
  buf_wipe(&child->errors.text);
  free(child);
}

static void finish(Child *child) {
  ChildResult result = {
    .status = child->timed_out ? -1 : child->status, .timed_out = child->timed_out,
    .output = &child->output.text, .errors = &child->errors.text
  };
  child->done(child->owner, &result);
  child_free(child);
}

/* Poll for the exit of a program whose pipes have ended: it is about to exit. A library must not
   install a SIGCHLD handler. */
static void reap(Timer *timer) {
  Child *child = container_of(timer, Child, reaper);
  int status;
  pid_t got = waitpid(child->pid, &status, WNOHANG);
  if (got == 0) {
    loop_timer(child->loop, timer, loop_now(child->loop) + 0.005, reap);
    return;
  }
  child->pid = 0;
  if (got < 0)
    child->status = -1;      /* other code of this process has waited for it */
  else if (child->status >= 0)
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finish(child);
}

static void end_of_output(Child *child) {
  if (child->output.watch.fd < 0 && child->errors.watch.fd < 0)
    loop_timer(child->loop, &child->reaper, loop_now(child->loop), reap);
}

/* Kill a program and stop reading: its own children may keep the pipes open. */
static void kill_child(Child *child) {
  kill(-child->pid, SIGKILL);
  pipe_end(&child->output);
  pipe_end(&child->errors);
  end_of_output(child);
}

static void out_of_time(Timer *timer) {
  Child *child = container_of(timer, Child, deadline);
  child->timed_out = 1;
  kill_child(child);
}

/* Read a pipe once. 0 if there is nothing more to read now. */
static int pipe_read(Pipe *pipe) {
  char piece[4096];
  ssize_t got = read(pipe->watch.fd, piece, sizeof piece);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  int fits = got <= 0 || buf_add(&pipe->text, piece, (size_t)got) == 0;
  explicit_bzero(piece, sizeof piece);
  if (!fits) {
    pipe->child->status = -1;
    kill_child(pipe->child);
  } else if (got <= 0) {
    pipe_end(pipe);
    end_of_output(pipe->child);
  }
  return got > 0 && fits;
}

static void pipe_ready(Watch *watch, unsigned events) {
  (void)events;
  pipe_read(container_of(watch, Pipe, watch));
}

/* Read what is left of the output, then give up: the program has exited, but a process that it
   started still holds the pipes. */
static void out_of_grace(Timer *timer) {
  Child *child = container_of(timer, Child, grace);
  while (child->output.watch.fd >= 0 && pipe_read(&child->output)) { }
  while (child->errors.watch.fd >= 0 && pipe_read(&child->errors)) { }
  if (child->output.watch.fd >= 0 || child->errors.watch.fd >= 0) kill_child(child);
}

static void exit_ready(Watch *watch, unsigned events) {
  Child *child = container_of(watch, Child, exit);
  (void)events;
  exit_seen(child);
  if (child->output.watch.fd < 0 && child->errors.watch.fd < 0) return;
  loop_timer(child->loop, &child->grace, loop_now(child->loop) + GRACE, out_of_grace);
}

/* Watch for the exit of a program. If the system cannot tell it, the ends of the pipes do. */
static void exit_start(Child *child) {
  child->exit.ready = exit_ready;
  child->exit.fd = platform_exit_descriptor(child->pid);
  if (child->exit.fd >= 0 && loop_watch_add(child->loop, &child->exit, POLLER_READ) != 0) {
    close(child->exit.fd);
    child->exit.fd = -1;
  }
}

static int pipe_start(Pipe *pipe, Child *child, int fd) {
  pipe->child = child;
  pipe->watch.fd = fd;
  pipe->watch.ready = pipe_ready;
  pipe->text.limit = MAX_OUTPUT;
  return loop_watch_add(child->loop, &pipe->watch, POLLER_READ);
}

static int spawn(pid_t *pid, const char *const argv[], int output, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t empty, defaults;
  char **environment = clean_environment();
  if (!environment) return ENOMEM;
  sigemptyset(&empty);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, errors, 2);
  platform_spawn_close_from(&actions, 3);
  posix_spawn_file_actions_addchdir_np(&actions, "/");
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                                        | POSIX_SPAWN_SETSIGDEF | PLATFORM_SPAWN_FLAGS);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &empty);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  int failed = posix_spawnp(pid, argv[0], &actions, &attributes, (char *const *)argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  free(environment);
  return failed;
}

int child_start(Child **slot, Loop *loop, const char *const argv[], double timeout,
                ChildDone *done, void *owner) {
  int output[2] = { -1, -1 }, errors[2] = { -1, -1 }, failed = ENOMEM;
  Child *child = calloc(1, sizeof *child);
  if (!child) return ENOMEM;
  child->loop = loop;
  child->done = done;
  child->owner = owner;
  child->output.watch.fd = child->errors.watch.fd = child->exit.fd = -1;
  loop_flight(loop, +1);
  if (platform_pipe(output, O_NONBLOCK) != 0 || platform_pipe(errors, O_NONBLOCK) != 0) {
    failed = errno;
    goto fail;
  }
  fcntl(output[1], F_SETFL, 0);      /* the program's ends block, as it expects */
  fcntl(errors[1], F_SETFL, 0);
  failed = spawn(&child->pid, argv, output[1], errors[1]);
  if (failed) goto fail;
  close(output[1]);
  close(errors[1]);
  output[1] = errors[1] = -1;
  loop_timer(loop, &child->deadline, loop_now(loop) + timeout, out_of_time);
  int watched = pipe_start(&child->output, child, output[0]);
  if (pipe_start(&child->errors, child, errors[0]) != 0 || watched != 0) {
    child->status = -1;
    kill_child(child);
  }
  exit_start(child);
  *slot = child;
  return 0;

fail:
  for (int i = 0; i < 2; i++) {
    if (output[i] >= 0) close(output[i]);
    if (errors[i] >= 0) close(errors[i]);
  }
  child_free(child);
  return failed;
}

void child_cancel(Child *child) {
  if (child->pid > 0) {
    kill(-child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
  }
  child_free(child);
}

/* Become a program, in a forked process: call only functions that are safe in a signal handler.
   Write the errno of a failure to fd. */
static void launch(const char *const argv[], char **environment, int fd) {
  sigset_t empty;
  int nothing = open("/dev/null", O_RDWR);
  sigemptyset(&empty);
  sigprocmask(SIG_SETMASK, &empty, NULL);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  setsid();
  for (int i = 0; i < 3; i++) dup2(nothing, i);
  dup2(fd, 3);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  platform_close_from(4);
  if (chdir("/") == 0) platform_exec(argv[0], (char *const *)argv, environment);
  int why = errno;
  if (write(3, &why, sizeof why) < 0) _exit(126);
  _exit(127);
}

/* Fork twice: the first child exits at once, so that this process need not wait for the program.
   The pipe ends when the program runs. */
int child_launch(const char *const argv[]) {
  int ends[2], why = 0;
  char **environment = clean_environment();
  if (!environment) return ENOMEM;
  if (platform_pipe(ends, 0) != 0) {
    free(environment);
    return errno;
  }
  pid_t pid = fork();
  if (pid == 0) {
    if (fork() == 0) launch(argv, environment, ends[1]);
    _exit(0);
  }
  close(ends[1]);
  if (pid < 0) why = errno;
  else if (waitpid(pid, NULL, 0) >= 0
           && read(ends[0], &why, sizeof why) != (ssize_t)sizeof why) why = 0;
  close(ends[0]);
  free(environment);
  return why;
}
