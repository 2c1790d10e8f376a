/* main.c: the executable. Make the Lua state, put the built-in modules where `require` finds them,
   receive signals, and run the steps of azureml.console.interpreter, which handles options,
   scripts, errors and the prompt. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "aml.h"
#include "heap.h"
#include "lua_core.h"
#include "platform.h"
#include "terminal.h"
#include "wakeup.h"

int luaopen_azureml_core(lua_State *L);
int luaopen_azureml_websocket(lua_State *L);
int luaopen_azureml_edit(lua_State *L);
int luaopen_azureml_httpd(lua_State *L);
int luaopen_cjson(lua_State *L);
int luaopen_yaml(lua_State *L);
const unsigned char *embedded_find(const char *name, size_t *size);

/* Signal handlers get no argument: they find the interpreter here. */
static struct {
  lua_State *L;                   /* the main coroutine */
  lua_State *volatile running;    /* the running coroutine */
  Wakeup wake;                    /* for the loop: ready while a signal is pending */
  volatile sig_atomic_t armed;    /* a signal interrupts the running Lua code; a second one exits */
  volatile sig_atomic_t count;    /* signals since it was armed */
  volatile sig_atomic_t number;   /* the pending signal; 0: none */
  Wakeup changes;                 /* the terminal has changed; closed while it is not guarded */
  int warns;                      /* warnings are shown */
  int is_warning;                 /* a warning has started and is not complete */
  int is_seeding;                 /* the thread runs, or has ended and was not joined */
  pthread_t seeding;
  int is_closing;                 /* the Lua state is closed for the process to end */
  int exit_code;                  /* of the process that ends */
} host = { .wake = WAKEUP_NONE, .changes = WAKEUP_NONE };

/* -- signals ----------------------------------------------------------------------------------- */

/* Return the pending signal and clear it; 0 when there is none. The wake-up is cleared first, so
   that a signal between the two steps makes it ready again. */
static int take_signal(void) {
  wakeup_clear(&host.wake);
  int number = host.number;
  if (number) host.number = 0;
  return number;
}

/* Interrupt Lua code: a hook that calls azureml.signals.interrupt, which raises an error. Do
   nothing when the loop has taken the signal already. */
static void interrupt(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  int number = take_signal();
  if (number == 0) return;
  luaL_checkstack(L, 3, "interrupted");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &host);
  lua_getfield(L, -1, "interrupt");
  lua_pushinteger(L, number);
  lua_call(L, 1, 0);
}

/* Set the hook on the running coroutine; and on the main coroutine, for the case that the running
   coroutine yields before its next instruction. */
static void set_hooks(void) {
  const int mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  lua_sethook(host.running, interrupt, mask, 1);
  lua_sethook(host.L, interrupt, mask, 1);
}

static void on_signal(int number) {
  if (host.armed && host.count++ > 0) {
    terminal_restore();
    _exit(128 + number);
  }
  host.number = number;
  wakeup_call(&host.wake);
  if (host.armed) set_hooks();
}

/* Let signals interrupt Lua code, or only mark them as pending. */
static void arm(int on) {
  host.count = 0;
  host.armed = on;
  if (on && host.number) set_hooks();   /* a signal came while they were disarmed */
}

/* Call lua_pcall with signals armed or disarmed.  [-(nargs + 1), +(nresults|1), -] */
static int call(lua_State *L, int nargs, int nresults, int handler, int interruptible) {
  int before = host.armed;
  arm(interruptible);
  int status = lua_pcall(L, nargs, nresults, handler);
  arm(before);
  return status;
}

/* Set a signal's handler without SA_RESTART, so that a read from a terminal returns. A signal that
   the parent process had ignored stays ignored. */
static void set_signal(int number, void (*handler)(int)) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(number, &action, NULL);
}

/* drain() -> the pending signal, which is cleared | nil */
static int l_drain(lua_State *L) {
  int number = take_signal();
  if (number) lua_pushinteger(L, number);
  else lua_pushnil(L);
  return 1;
}

/* call(interruptible, handler, f, ...): xpcall(f, handler, ...) with signals armed or disarmed */
static int l_call(lua_State *L) {
  int interruptible = lua_toboolean(L, 1);
  luaL_checkany(L, 3);
  int status = call(L, lua_gettop(L) - 3, LUA_MULTRET, 2, interruptible);
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 2);
  return lua_gettop(L) - 1;
}

/* -- random numbers ---------------------------------------------------------------------------- */

/* Make OpenSSL's random numbers ready. */
static void *seed(void *unused) {
  if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL)) RAND_status();
  return unused;
}

/* Wait for the thread before a fork: the child would find its locks held for ever. */
static void end_seeding(void) {
  if (host.is_seeding) pthread_join(host.seeding, NULL);
  host.is_seeding = 0;
}

/* Seed OpenSSL's random numbers in a thread while Lua loads the package. The first TLS connection
   needs them, and finds them or waits: a cold start of 7.7 ms takes 0.9 ms less. Signals stay with
   the main thread. The process may exit before the thread has ended, so OpenSSL must not free at
   exit what the thread uses. */
static void begin_seeding(void) {
  sigset_t all, before;
  if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL)) return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  host.is_seeding = pthread_create(&host.seeding, NULL, seed, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pthread_atfork(end_seeding, NULL, NULL) != 0) end_seeding();
}

/* -- the terminal in raw mode ------------------------------------------------------------------ */

/* The signals that end the process at once. */
static const int fatal_signals[] = {
  SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE, 0
};

static void on_fatal(int number) {
  terminal_restore();
  signal(number, SIG_DFL);
  raise(number);      /* it is delivered when this handler returns */
}

static void set_fatal_signals(void (*handler)(int)) {
  for (const int *number = fatal_signals; *number; number++) set_signal(*number, handler);
}

static void on_change(int number) {
  (void)number;
  wakeup_call(&host.changes);
}

/* Handle the signals that tell that the terminal has changed. */
static void set_changes(void (*handler)(int)) {
  struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
  sigaction(SIGWINCH, &action, NULL);
  sigaction(SIGCONT, &action, NULL);
}

static void stop_guard(void) {
  if (host.changes.read_end < 0) return;
  set_changes(SIG_DFL);
  set_fatal_signals(SIG_DFL);
  wakeup_close(&host.changes);
}

/* guard(on) -> a descriptor that is ready when the terminal may have changed: it has another size,
   or this process was stopped and goes on. Meanwhile signals that end the process restore the
   terminal first. */
static int l_guard(lua_State *L) {
  stop_guard();
  if (!lua_toboolean(L, 1)) return 0;
  if (wakeup_open(&host.changes) != 0)
    return luaL_error(L, "cannot watch the terminal: %s", strerror(errno));
  set_changes(on_change);
  set_fatal_signals(on_fatal);
  lua_pushinteger(L, host.changes.read_end);
  return 1;
}

/* changed(): take the changes of the terminal that guard() reports */
static int l_changed(lua_State *L) {
  (void)L;
  if (host.changes.read_end >= 0) wakeup_clear(&host.changes);
  return 0;
}

/* pipe(on): let a write to a closed pipe interrupt Lua code as Ctrl-C does, so that it can clean
   up; or let it end the process */
static int l_pipe(lua_State *L) {
  set_signal(SIGPIPE, lua_toboolean(L, 1) ? on_signal : SIG_DFL);
  return 0;
}

static const luaL_Reg signal_functions[] = {
  { "drain", l_drain },
  { "pipe", l_pipe },
  { "guard", l_guard },
  { "changed", l_changed },
  { "call", l_call },
  { NULL, NULL }
};

/* Open the module azureml.signals. Its field `interrupt` is set in Lua. */
static int open_signals(lua_State *L) {
  luaL_newlib(L, signal_functions);
  lua_pushinteger(L, host.wake.read_end);
  lua_setfield(L, -2, "fd");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &host);   /* interrupt() finds the module here */
  lua_pushboolean(L, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, SIGNALS_WAKE_LOOP);
  return 1;
}

/* -- warnings and panics ----------------------------------------------------------------------- */

/* Show warnings as the auxiliary library of Lua does. */
static void on_warning(void *user, const char *piece, int continues) {
  int begins = !host.is_warning;
  (void)user;
  host.is_warning = continues;
  if (begins && !continues && *piece == '@') {
    if (strcmp(piece, "@on") == 0) host.warns = 1;
    if (strcmp(piece, "@off") == 0) host.warns = 0;
  } else if (host.warns) {
    lua_writestringerror("%s", begins ? "Lua warning: " : "");
    lua_writestringerror("%s", piece);
    lua_writestringerror("%s", continues ? "" : "\n");
  }
}

static int on_panic(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  lua_writestringerror("azureml: error outside of any protected call: %s\n",
                       message ? message : "(the error is not a text)");
  return 0;      /* Lua aborts the process */
}

/* -- coroutines -------------------------------------------------------------------------------- */

/* This file replaces coroutine.resume and coroutine.wrap, so that a signal finds the running
   coroutine. */

/* Resume co with the values on top of L, and replace them by its results. Return their number, or
   -1 when the result is an error.  [-nargs, +(results|1), m] */
static int resume(lua_State *L, lua_State *co, int nargs) {
  int count;
  luaL_checkstack(co, nargs, "too many arguments to resume");
  lua_xmove(L, co, nargs);
  host.running = co;
  int status = lua_resume(co, L, nargs, &count);
  host.running = L;
  if (status != LUA_OK && status != LUA_YIELD) count = 1;
  luaL_checkstack(L, count + 1, "too many results to resume");
  lua_xmove(co, L, count);
  return status == LUA_OK || status == LUA_YIELD ? count : -1;
}

/* coroutine.resume */
static int l_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "thread");
  lua_pushboolean(L, 1);
  lua_insert(L, 2);
  if (resume(L, co, lua_gettop(L) - 2) < 0) {
    lua_pushboolean(L, 0);
    lua_replace(L, 2);
  }
  return lua_gettop(L) - 1;
}

/* Resume the coroutine of coroutine.wrap. After an error close the coroutine's variables and raise
   the error again, with the caller's position before a text. */
static int l_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int count = resume(L, co, lua_gettop(L));
  if (count >= 0) return count;
  if (lua_status(co) > LUA_YIELD) {
    lua_xmove(L, co, 1);
    lua_resetthread(co);
    lua_xmove(co, L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* coroutine.wrap */
static int l_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, l_wrapped, 1);
  return 1;
}

static void replace_resume(lua_State *L) {
  lua_getglobal(L, LUA_COLIBNAME);
  lua_pushcfunction(L, l_resume);
  lua_setfield(L, -2, "resume");
  lua_pushcfunction(L, l_wrap);
  lua_setfield(L, -2, "wrap");
  lua_pop(L, 1);
}

/* -- os.exit ----------------------------------------------------------------------------------- */

/* Exit as Lua's os.exit does. A finalizer may call it while the state is closed for the process to
   end: then its exit code counts. */
static int l_exit(lua_State *L) {
  int code = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
  host.is_closing = 0;
  if (lua_toboolean(L, 2)) lua_close(L);
  exit(code);
}

static void replace_exit(lua_State *L) {
  lua_getglobal(L, LUA_OSLIBNAME);
  lua_pushcfunction(L, l_exit);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}

/* -- built-in modules -------------------------------------------------------------------------- */

static const luaL_Reg built_in[] = {
  { "azureml.core", luaopen_azureml_core },
#ifdef AML_WEBSOCKET
  { "azureml.websocket", luaopen_azureml_websocket },
#endif
#ifdef AML_HTTPD
  { "azureml.httpd", luaopen_azureml_httpd },
#endif
  { "azureml.edit", luaopen_azureml_edit },
  { "azureml.signals", open_signals },
  { "cjson", luaopen_cjson },
#ifdef AML_YAML
  { "yaml", luaopen_yaml },
#endif
  { NULL, NULL }
};

/* Find a Lua module in the executable: a searcher for `require`. */
static int search_embedded(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  size_t size;
  const unsigned char *code = embedded_find(name, &size);
  if (!code) return 0;
  if (luaL_loadbufferx(L, (const char *)code, size, name, "b") != LUA_OK) return lua_error(L);
  lua_pushliteral(L, ":embedded:");
  return 2;
}

/* Insert the searcher after preload and before the paths, so that an installed file never hides a
   built-in module. */
static void add_searcher(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  for (lua_Integer i = luaL_len(L, -1); i >= 2; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushcfunction(L, search_embedded);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
}

static void open_libraries(lua_State *L, int without_environment) {
  if (without_environment) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");   /* the package library reads it */
  }
  luaL_openlibs(L);
  replace_resume(L);
  replace_exit(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  luaL_setfuncs(L, built_in, 0);
  lua_pop(L, 1);
  add_searcher(L);
}

/* -- main -------------------------------------------------------------------------------------- */

static int is_option(const char *word) {
  return word[0] == '-' && word[1] && strcmp(word, "--") != 0;
}

/* Tell whether the word after an option is its value. */
static int takes_value(const char *option) {
  static const char *const valued[] = {
    "-e", "-l", "--speed", "--record", "--prometheus", "--summary", NULL
  };
  for (const char *const *name = valued; *name; name++)
    if (strcmp(option, *name) == 0) return 1;
  return 0;
}

/* Look for -E, the only option that matters before the libraries are opened. */
static int has_E(char **argv) {
  for (char **word = argv + 1; *word && is_option(*word); word++) {
    if (strcmp(*word, "-E") == 0) return 1;
    if (takes_value(*word) && !*++word) return 0;
  }
  return 0;
}

/* Tell whether something that was printed could not be written. */
static int is_output_lost(void) { return fflush(stdout) != 0 || ferror(stdout); }

/* is_output_lost() -> whether something that was printed could not be written */
static int l_is_output_lost(lua_State *L) {
  lua_pushboolean(L, is_output_lost());
  return 1;
}

/* Push a table with version, copyright, modules, program, argv and is_output_lost, which Lua code
   cannot find out.  [-0, +1, m] */
static void push_host(lua_State *L, char **argv) {
  char program[4096];
  size_t len = platform_program(program, sizeof program);
  lua_newtable(L);
  lua_pushliteral(L, AML_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushliteral(L, LUA_COPYRIGHT);
  lua_setfield(L, -2, "copyright");
  lua_pushliteral(L, AML_LIBDIR "/azureml");
  lua_setfield(L, -2, "modules");
  lua_pushcfunction(L, l_is_output_lost);
  lua_setfield(L, -2, "is_output_lost");
  if (len) {
    lua_pushlstring(L, program, len);
    lua_setfield(L, -2, "program");
  }
  lua_newtable(L);
  for (int i = 0; argv[i]; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setfield(L, -2, "argv");
}

/* Call the interpreter's steps until there are no more. They are called from C, so that a script
   has the same stack as under lua5.4. */
static void run_steps(lua_State *L, int interpreter) {
  for (;;) {
    lua_settop(L, interpreter);
    lua_getfield(L, interpreter, "catch");
    lua_getfield(L, interpreter, "next");
    lua_call(L, 0, LUA_MULTRET);
    int nargs = lua_gettop(L) - interpreter - 2;
    if (nargs < 0) return;
    if (call(L, nargs, 0, interpreter + 1, 1) == LUA_OK) continue;
    lua_getfield(L, interpreter, "fail");
    lua_insert(L, -2);
    lua_call(L, 1, 0);
  }
}

/* Return the exit code: a failure also when something that was printed could not be written. */
static int check_output(int code) {
  if (!is_output_lost()) return code;
  if (code == EXIT_SUCCESS) fputs("azureml: standard output could not be written\n", stderr);
  return code == EXIT_SUCCESS ? EXIT_FAILURE : code;
}

/* End the process when all is closed and written. Skip the libraries' exit handlers: they release
   what the kernel takes anyway, with 660,000 of the 23 million instructions of a cold start. Leak
   checkers need them. */
static void leave(int code) {
  fflush(NULL);
#ifdef __SANITIZE_ADDRESS__
  exit(code);
#else
  _exit(code);
#endif
}

#ifndef __SANITIZE_ADDRESS__
/* End the process, in the finalizer that runs last. Do nothing when os.exit closes the state. */
static int l_end(lua_State *L) {
  (void)L;
  if (host.is_closing) leave(check_output(host.exit_code));
  return 0;
}
#endif

/* Set the finalizer that ends the process before Lua frees each object, which takes 400,000 of the
   20 million instructions of a cold start. Lua calls finalizers in the reverse order of their
   setting, so this one is set before all others. Leak checkers need the objects freed.
   [-0, +0, m] */
static void set_last_finalizer(lua_State *L) {
#ifdef __SANITIZE_ADDRESS__
  (void)L;
#else
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_end);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &host.is_closing);
#endif
}

/* KB that a start allocates before the first garbage collection. A start leaves 60 KB of garbage,
   and collecting it takes 780,000 of the 23 million instructions of a cold start. */
enum { START_CREDIT = 1024 };

/* Run the interpreter and return its exit code, in a protected call. */
static int run(lua_State *L) {
  char **argv = lua_touserdata(L, 1);
  luaL_checkversion(L);
  set_last_finalizer(L);
  open_libraries(L, has_E(argv));
  lua_gc(L, LUA_GCRESTART);
  /* The generational collector falls back to incremental steps when they are cheaper. A pause of
     150 then limits garbage to half of the live memory: 10,000 operations are large. */
  lua_gc(L, LUA_GCINC, 150, 0, 0);
  lua_gc(L, LUA_GCGEN, 0, 0);
  lua_gc(L, LUA_GCSTEP, -START_CREDIT);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "azureml.console.interpreter");
  lua_call(L, 1, 1);
  int interpreter = lua_gettop(L);
  lua_getfield(L, interpreter, "start");
  push_host(L, argv);
  lua_call(L, 1, 0);
  run_steps(L, interpreter);
  lua_getfield(L, interpreter, "exit_code");
  return 1;
}

/* Allow as many descriptors as the system permits: with an emulator in this process, both ends of
   each connection need one. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Forbid core dumps and ptrace by other programs of the user, as ssh-agent does. Tokens, secrets
   and keys are in this process's memory, also in libcurl's and OpenSSL's, which is not wiped; a
   core dump would write them to disk, where crash reporters find and send them. Children are not
   affected, and a debugger can still start this program. Memory checkers need ptrace, so builds for
   them allow it. */
static void forbid_dumps(void) {
#ifndef __SANITIZE_ADDRESS__
  platform_forbid_dumps();
#endif
}

/* Make a Lua state like luaL_newstate, with memory from the heap. */
static lua_State *new_state(Heap *heap) {
  lua_State *L = lua_newstate(heap_allocate, heap);
  if (!L) return NULL;
  lua_atpanic(L, on_panic);
  lua_setwarnf(L, on_warning, NULL);
  return L;
}

/* Close the Lua state, so that its finalizers run, and end the process. */
static void close_and_leave(lua_State *L, Heap *heap, int code) {
  host.is_closing = 1;
  host.exit_code = code;
  lua_close(L);
  heap_free(heap);
  leave(check_output(code));
}

int main(int argc, char **argv) {
  Heap heap = { .blocks = NULL };
  int code = EXIT_FAILURE;
  if (argc < 1) return EXIT_FAILURE;
  forbid_dumps();
  begin_seeding();
  raise_descriptor_limit();
  host.L = host.running = new_state(&heap);
  if (wakeup_open(&host.wake) != 0 || !host.L) {
    lua_writestringerror("azureml: cannot start: %s\n", strerror(errno));
    return EXIT_FAILURE;
  }
  set_signal(SIGINT, on_signal);
  set_signal(SIGTERM, on_signal);
  lua_gc(host.L, LUA_GCSTOP);   /* run() restarts it when the libraries are open */
  lua_pushcfunction(host.L, run);
  lua_pushlightuserdata(host.L, argv);
  if (lua_pcall(host.L, 1, 1, 0) == LUA_OK)
    code = (int)lua_tointeger(host.L, -1);
  else lua_writestringerror("azureml: %s\n", luaL_tolstring(host.L, -1, NULL));
  set_signal(SIGINT, SIG_DFL);  /* so that the user can kill a finalizer that hangs */
  set_signal(SIGTERM, SIG_DFL);
  close_and_leave(host.L, &heap, code);
}
