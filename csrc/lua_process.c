/* lua_process.c: run programs for Lua: what the emulator's machines and the SSH client start.
   azureml.tool.process watches the descriptors. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "loop.h"
#include "lua_core.h"
#include "platform.h"
#include "process.h"

#define PROCESS "azureml.core.process"

enum { PIECE = 64 * 1024 };

typedef struct Running {
  Process process;
  int     output, errors;      /* the read ends of its pipes; -1: it has no pipe, or its end came */
  Loop   *counted;             /* this loop counts it as in flight; NULL: no loop does */
} Running;

/* Tell whether a program was not found. A directory of PATH that this user cannot enter makes the
   search end with EACCES. */
static int is_missing(const char *program, int why) {
  return why == ENOENT || (why == EACCES && !strchr(program, '/'));
}

static Running *check_running(lua_State *L) {
  return check_open(L, 1, PROCESS, "process");
}

/* Virtual time stands still until the program has ended. */
static void count(Running *running, Loop *loop) {
  running->counted = loop;
  loop_flight(loop, +1);
}

static void stop_counting(Running *running) {
  if (running->counted) loop_flight(running->counted, -1);
  running->counted = NULL;
}

static void close_end(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* __gc, __close and close: kill the program if it still runs. A second call does nothing. */
static int l_close(lua_State *L) {
  void **slot = luaL_checkudata(L, 1, PROCESS);
  Running *running = *slot;
  *slot = NULL;
  if (!running || is_parents(L)) return 0;
  stop_counting(running);
  process_clear(&running->process);
  close_end(&running->output);
  close_end(&running->errors);
  free(running);
  return 0;
}

/* -- starting ---------------------------------------------------------------------------------- */

static const char *const plan_keys[] = {
  "argv", "environment", "directory", "input", "output", "errors", "kept", "grace", "counts", NULL
};

/* What a start opens and the program gets. */
typedef struct Ends { int input, output, errors, read_output, read_errors; } Ends;

static void ends_close(Ends *ends) {
  close_end(&ends->input);
  close_end(&ends->output);
  close_end(&ends->errors);
  close_end(&ends->read_output);
  close_end(&ends->read_errors);
}

/* Return the texts of a required sequence with a final NULL, in a new userdata.  [-0, +1, e] */
static const char *const *read_texts(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  luaL_argcheck(L, lua_istable(L, -1), 1, "argv and environment must be lists");
  lua_Integer length = luaL_len(L, -1);
  const char **texts = lua_newuserdatauv(L, ((size_t)length + 1) * sizeof *texts, 0);
  for (lua_Integer i = 0; i < length; i++) {
    size_t len;
    lua_rawgeti(L, -2, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "%s must be a list of texts", name);
    texts[i] = lua_tolstring(L, -1, &len);      /* the table keeps it alive */
    if (strlen(texts[i]) != len) luaL_error(L, "%s must not contain NUL", name);
    lua_pop(L, 1);
  }
  texts[length] = NULL;
  return texts;
}

/* Return a descriptor from which a program reads a text. */
static int text_descriptor(const char *text, size_t len) {
  int fd = platform_unnamed_file();
  if (fd < 0) return -1;
  if (file_write_all(fd, text, len) == 0 && lseek(fd, 0, SEEK_SET) == 0) return fd;
  close(fd);
  return -1;
}

static int open_input(lua_State *L) {
  size_t len;
  int kind = lua_getfield(L, 1, "input");
  if (kind == LUA_TNIL) return open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (lua_isinteger(L, -1)) return fcntl((int)lua_tointeger(L, -1), F_DUPFD_CLOEXEC, 3);
  const char *text = lua_tolstring(L, -1, &len);
  return text_descriptor(text, len);
}

/* Open what a program writes to: a pipe by default, or a file, or a descriptor of this process. */
static int open_output(lua_State *L, const char *name, int *read_end) {
  int ends[2], kind = lua_getfield(L, 1, name);
  if (lua_isinteger(L, -1)) return fcntl((int)lua_tointeger(L, -1), F_DUPFD_CLOEXEC, 3);
  if (kind == LUA_TSTRING)
    return open(lua_tostring(L, -1), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (platform_pipe(ends, 0) != 0) return -1;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *read_end = ends[0];
  return ends[1];
}

/* Open what a program's standard descriptors lead to. Return 0, or errno.  [-0, +3, e] */
static int ends_open(lua_State *L, Ends *ends) {
  if ((ends->input = open_input(L)) < 0) return errno;
  if ((ends->output = open_output(L, "output", &ends->read_output)) < 0) return errno;
  if ((ends->errors = open_output(L, "errors", &ends->read_errors)) < 0) return errno;
  return 0;
}

static void check_end(lua_State *L, const char *name) {
  int kind = lua_getfield(L, 1, name);
  if (kind != LUA_TNIL && kind != LUA_TSTRING && !lua_isinteger(L, -1))
    luaL_error(L, "%s must be a text or a descriptor", name);
  lua_pop(L, 1);
}

/* process{ argv, environment, directory, input, output, errors, kept, grace, counts } -> process
   | nil, reason, whether the program does not exist. input: a text or a descriptor; output, errors:
   a file's path or a descriptor, by default a pipe; counts: virtual time waits for it. */
static int l_process(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  check_keys(L, 1, "process", plan_keys);
  Loop *loop = loop_of(L);
  check_end(L, "input");
  check_end(L, "output");
  check_end(L, "errors");
  ProcessPlan plan = {
    .argv = read_texts(L, "argv"), .environment = read_texts(L, "environment"),
    .is_kept = opt_boolean(L, 1, "kept"), .grace = opt_number(L, 1, "grace", 5)
  };
  luaL_argcheck(L, plan.argv[0] != NULL, 1, "argv is empty");
  int counts = opt_boolean(L, 1, "counts");
  plan.directory = opt_string(L, 1, "directory");
  if (!plan.directory) plan.directory = "/";
  void **slot = push_slot(L, PROCESS);
  Running *running = calloc(1, sizeof *running);
  if (!running) return luaL_error(L, "there is not enough memory");
  int top = lua_gettop(L);
  Ends ends = { -1, -1, -1, -1, -1 };
  int why = ends_open(L, &ends);
  lua_settop(L, top);
  plan.input = ends.input;
  plan.output = ends.output;
  plan.errors = ends.errors;
  if (!why) why = process_start(&running->process, &plan);
  if (why) {
    free(running);
    ends_close(&ends);
    push_reason(L, strerror(why));
    lua_pushboolean(L, is_missing(plan.argv[0], why));
    return 3;
  }
  running->output = ends.read_output;
  running->errors = ends.read_errors;
  ends.read_output = ends.read_errors = -1;
  ends_close(&ends);
  if (counts) count(running, loop);
  *slot = running;
  return 1;
}

/* -- watching ---------------------------------------------------------------------------------- */

static void push_descriptor(lua_State *L, int fd) {
  if (fd < 0) lua_pushnil(L);
  else lua_pushinteger(L, fd);
}

/* process:descriptors() -> of its keeper's reports, its output, its errors. Each may be nil. */
static int l_descriptors(lua_State *L) {
  const Running *running = check_running(L);
  push_descriptor(L, running->process.report);
  push_descriptor(L, running->output);
  push_descriptor(L, running->errors);
  return 3;
}

/* process:read("output" | "errors") -> text | "": there is nothing now | nil: it has ended. The
   caller stops watching the descriptor before it reads the end. */
static int l_read(lua_State *L) {
  static const char *const names[] = { "output", "errors", NULL };
  Running *running = check_running(L);
  int fd = luaL_checkoption(L, 2, NULL, names) == 0 ? running->output : running->errors;
  luaL_Buffer buffer;
  if (fd < 0) return 0;
  char *space = luaL_buffinitsize(L, &buffer, PIECE);
  ssize_t got = read(fd, space, PIECE);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return 0;
  luaL_pushresultsize(&buffer, got < 0 ? 0 : (size_t)got);
  return 1;
}

/* process:look() -> whether the program has ended, its exit code (-1: unknown), whether its keeper
   has ended as well */
static int l_look(lua_State *L) {
  Running *running = check_running(L);
  int is_gone = process_look(&running->process);
  if (running->process.has_ended) stop_counting(running);
  lua_pushboolean(L, running->process.has_ended);
  lua_pushinteger(L, running->process.status);
  lua_pushboolean(L, is_gone);
  return 3;
}

/* process:stop(): SIGTERM, and SIGKILL after the grace time */
static int l_stop(lua_State *L) {
  process_stop(&check_running(L)->process);
  return 0;
}

/* process:kill() */
static int l_kill(lua_State *L) {
  process_kill(&check_running(L)->process);
  return 0;
}

/* -- replacing this process -------------------------------------------------------------------- */

/* replace{ argv, environment, directory }: become another program, in the same terminal. It returns
   only when that fails: nil, reason, whether the program does not exist. */
static int l_replace(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *const *argv = read_texts(L, "argv");
  const char *const *environment = read_texts(L, "environment");
  sigset_t none;
  luaL_argcheck(L, argv[0] != NULL, 1, "argv is empty");
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  platform_exec(argv[0], (char *const *)argv, (char *const *)environment);
  int why = errno;
  push_reason(L, strerror(why));
  lua_pushboolean(L, is_missing(argv[0], why));
  return 3;
}

static const luaL_Reg functions[] = {
  { "process", l_process },
  { "replace", l_replace },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "descriptors", l_descriptors },
  { "read",        l_read },
  { "look",        l_look },
  { "stop",        l_stop },
  { "kill",        l_kill },
  { "close",       l_close },
  { NULL, NULL }
};

static const luaL_Reg meta[] = { { "__gc", l_close }, { "__close", l_close }, { NULL, NULL } };

void lua_process_register(lua_State *L) {
  make_type(L, PROCESS, meta, methods);
  luaL_setfuncs(L, functions, 0);
}
