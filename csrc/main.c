/* main.c: the executable. Makes the Lua state, puts what is built in where `require` finds it, hears signals, and calls what
   azureml.console.interpreter says comes next. Options, scripts, errors and the prompt are Lua's. The only file with static data. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "aml.h"
#include "heap.h"

int luaopen_azureml_core(lua_State *L);
int luaopen_azureml_httpd(lua_State *L);
int luaopen_azureml_edit(lua_State *L);
int luaopen_cjson(lua_State *L);
const unsigned char *embedded_find(const char *name, size_t *size);
lua_State *main_state(void);

/* Signal handlers and libedit's callbacks get no argument: they find the interpreter here. */
static struct {
  lua_State *L;                   /* the main coroutine */
  lua_State *volatile running;    /* the coroutine that runs */
  int wake;                       /* an eventfd, ready while a signal waits to be taken: for the loop */
  volatile sig_atomic_t armed;    /* a signal interrupts the Lua code that runs; a second one leaves at once */
  volatile sig_atomic_t count;    /* signals since it was armed */
  volatile sig_atomic_t number;   /* the signal that waits to be taken; 0: none */
  int warns;                      /* warnings are shown */
  int is_warning;                 /* the last piece of one was not its end */
} host = { NULL, NULL, -1, 0, 0, 0, 0, 0 };

lua_State *main_state(void) {
  return host.L;
}

/* -- signals ----------------------------------------------------------------------------------- */

/* The signal that waits, once; 0: none. The eventfd is emptied first: what comes in between is seen next time, never lost. */
static int take_signal(void) {
  uint64_t count;
  if (read(host.wake, &count, sizeof count) < 0 && errno != EAGAIN) return 0;
  int number = host.number;
  if (number) host.number = 0;
  return number;
}

/* A hook: raises what azureml.signals.interrupt raises, unless the loop has heard the signal first. */
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

/* On the main coroutine too, should the one that runs yield before its next instruction. */
static void set_hooks(void) {
  const int mask = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  lua_sethook(host.running, interrupt, mask, 1);
  lua_sethook(host.L, interrupt, mask, 1);
}

static void on_signal(int number) {
  const uint64_t one = 1;
  int saved = errno;
  if (host.armed && host.count++ > 0) _exit(128 + number);
  host.number = number;
  if (write(host.wake, &one, sizeof one) < 0) { /* it is full, so it is ready */ }
  if (host.armed) set_hooks();
  errno = saved;
}

static void arm(int on) {
  host.count = 0;
  host.armed = on;
  if (on && host.number) set_hooks();   /* one came while nobody was to be interrupted */
}

/* lua_pcall, with signals that interrupt what is called, or that only wait. [-(nargs + 1), +(nresults|1), -] */
static int call(lua_State *L, int nargs, int nresults, int handler, int interruptible) {
  int before = host.armed;
  arm(interruptible);
  int status = lua_pcall(L, nargs, nresults, handler);
  arm(before);
  return status;
}

/* No SA_RESTART: whoever reads from a terminal is to return. A signal that our parent had us ignore stays ignored. */
static void set_signal(int number, void (*handler)(int)) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(number, &action, NULL);
}

static int l_drain(lua_State *L) {
  int number = take_signal();
  if (number) lua_pushinteger(L, number);
  else lua_pushnil(L);
  return 1;
}

/* call(interruptible, handler, f, ...): xpcall, see `call` above */
static int l_call(lua_State *L) {
  int interruptible = lua_toboolean(L, 1);
  luaL_checkany(L, 3);
  int status = call(L, lua_gettop(L) - 3, LUA_MULTRET, 2, interruptible);
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 2);
  return lua_gettop(L) - 1;
}

static const luaL_Reg signal_functions[] = {
  { "drain", l_drain },
  { "call", l_call },
  { NULL, NULL }
};

static int open_signals(lua_State *L) {
  luaL_newlib(L, signal_functions);
  lua_pushinteger(L, host.wake);
  lua_setfield(L, -2, "fd");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &host);   /* for the hook */
  return 1;
}

/* -- warnings and the last words, as lauxlib has them ------------------------------------------ */

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
  lua_writestringerror("azureml: error outside of any protected call: %s\n", message ? message : "it is no text");
  return 0;      /* and Lua aborts */
}

/* -- coroutines: resuming is ours, so that a signal finds the one that runs -------------------- */

/* Runs co with the values on top of L until it yields or ends. What it gives takes their place: their number, or -1 for an
   error.  [-nargs, +(results|1), m] */
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

/* What `wrap` returns. Raises the error of the coroutine, after closing its variables, with our caller's place before a text. */
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

/* -- what is built in -------------------------------------------------------------------------- */

static const luaL_Reg built_in[] = {
  { "azureml.core", luaopen_azureml_core },
#ifdef AML_HTTPD
  { "azureml.httpd", luaopen_azureml_httpd },
#endif
  { "azureml.edit", luaopen_azureml_edit },
  { "azureml.signals", open_signals },
  { "cjson", luaopen_cjson },
  { NULL, NULL }
};

static int search_embedded(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  size_t size;
  const unsigned char *code = embedded_find(name, &size);
  if (!code) return 0;
  if (luaL_loadbufferx(L, (const char *)code, size, name, "b") != LUA_OK) return lua_error(L);
  lua_pushliteral(L, ":embedded:");
  return 2;
}

/* After preload, before the paths: an installed file never hides one of ours. */
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
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");   /* read by package */
  }
  luaL_openlibs(L);
  replace_resume(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  luaL_setfuncs(L, built_in, 0);
  lua_pop(L, 1);
  add_searcher(L);
}

/* -- main -------------------------------------------------------------------------------------- */

static int takes_value(const char *option) {
  return strcmp(option, "-e") == 0 || strcmp(option, "-l") == 0 || strcmp(option, "--speed") == 0;
}

/* -E, the one option that must be known before the libraries are opened. */
static int has_E(char **argv) {
  for (char **word = argv + 1; *word && (*word)[0] == '-' && (*word)[1] && strcmp(*word, "--") != 0; word++) {
    if (strcmp(*word, "-E") == 0) return 1;
    if (takes_value(*word) && !*++word) return 0;
  }
  return 0;
}

/* What the interpreter cannot find out by itself.  [-0, +1, m] */
static void push_host(lua_State *L, char **argv) {
  char program[4096];
  ssize_t len = readlink("/proc/self/exe", program, sizeof program);
  lua_newtable(L);
  lua_pushliteral(L, AML_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushliteral(L, LUA_COPYRIGHT);
  lua_setfield(L, -2, "copyright");
  if (len > 0 && (size_t)len < sizeof program) {
    lua_pushlstring(L, program, (size_t)len);
    lua_setfield(L, -2, "program");
  }
  lua_newtable(L);
  for (int i = 0; argv[i]; i++) {
    lua_pushstring(L, argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_setfield(L, -2, "argv");
}

/* Calls what comes next until there is no more: from here, so that a script finds the stack that lua5.4 gives it. */
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

static int run(lua_State *L) {
  char **argv = lua_touserdata(L, 1);
  luaL_checkversion(L);
  open_libraries(L, has_E(argv));
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCINC, 150, 0, 0);      /* where generations do not pay garbage is at most half of what lives: 10,000 operations are large */
  lua_gc(L, LUA_GCGEN, 0, 0);
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

/* Both ends of a connection may live in this process: twice the descriptors. */
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Tokens, secrets and keys lie in our memory, and in libcurl's and OpenSSL's, which nobody wipes for us: a core dump would write them to disk,
   where crash reporters find and send them, and another program of the same user could read them through ptrace. So neither is allowed, as
   ssh-agent does it; children are not concerned. A debugger that starts us still works. Memory checkers must look at us, and may. */
static void forbid_dumps(void) {
#ifndef __SANITIZE_ADDRESS__
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* What luaL_newstate makes, but for the memory: from the first piece on it is the heap's. */
static lua_State *new_state(Heap *heap) {
  lua_State *L = lua_newstate(heap_allocate, heap);
  if (!L) return NULL;
  lua_atpanic(L, on_panic);
  lua_setwarnf(L, on_warning, NULL);
  return L;
}

int main(int argc, char **argv) {
  Heap heap = { .blocks = NULL };
  int code = EXIT_FAILURE;
  if (argc < 1) return EXIT_FAILURE;
  forbid_dumps();
  raise_descriptor_limit();
  host.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  host.L = host.running = new_state(&heap);
  if (host.wake < 0 || !host.L) {
    lua_writestringerror("azureml: cannot start: %s\n", strerror(errno));
    return EXIT_FAILURE;
  }
  set_signal(SIGINT, on_signal);
  set_signal(SIGTERM, on_signal);
  lua_gc(host.L, LUA_GCSTOP);   /* until the libraries are open */
  lua_pushcfunction(host.L, run);
  lua_pushlightuserdata(host.L, argv);
  if (lua_pcall(host.L, 1, 1, 0) == LUA_OK) code = (int)lua_tointeger(host.L, -1);
  else lua_writestringerror("azureml: %s\n", luaL_tolstring(host.L, -1, NULL));
  set_signal(SIGINT, SIG_DFL);  /* a finalizer that hangs can be killed */
  set_signal(SIGTERM, SIG_DFL);
  lua_close(host.L);
  heap_free(&heap);
  return code;
}
