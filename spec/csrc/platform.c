/* platform.c: what csrc/platform.c does with descriptors and processes, for the specs. It is linked
   into two Lua modules: for this C library, and as for one that lacks what glibc 2.34 brought. */

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"

enum { NUMBERS = 1024 };

extern char **environ;

/* leak() -> a descriptor that programs would inherit */
static int l_leak(lua_State *L) {
  lua_pushinteger(L, fcntl(2, F_DUPFD, 600));
  return 1;
}

static int l_close(lua_State *L) {
  close((int)luaL_checkinteger(L, 1));
  return 0;
}

/* spawned(script, first) -> the exit code of a shell that inherits nothing from `first` on */
static int l_spawned(lua_State *L) {
  const char *argv[] = { "sh", "-c", luaL_checkstring(L, 1), NULL };
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int status;
  posix_spawn_file_actions_init(&actions);
  platform_spawn_close_from(&actions, (int)luaL_checkinteger(L, 2));
  int failed = posix_spawnp(&pid, "sh", &actions, NULL, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed || waitpid(pid, &status, 0) != pid) return luaL_error(L, "sh does not run");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

/* What a forked child finds: the exit code tells it. */
static int in_child(lua_State *L, int (*look)(int), int value) {
  int status;
  pid_t pid = platform_fork();
  if (pid == 0) _exit(look(value));
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return luaL_error(L, "no child");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

/* executed(program, script) -> the exit code of a shell that a child becomes; 100: there is none */
static int l_executed(lua_State *L) {
  const char *argv[] = { luaL_checkstring(L, 1), "-c", luaL_checkstring(L, 2), NULL };
  int status;
  pid_t pid = platform_fork();
  if (pid == 0) {
    platform_exec(argv[0], (char *const *)argv, environ);
    _exit(errno == ENOENT ? 100 : 101);
  }
  if (pid < 0 || waitpid(pid, &status, 0) != pid) return luaL_error(L, "no child");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

static int count_open(int first) {
  int count = 0;
  for (int fd = first; fd < NUMBERS; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static int close_and_count(int first) {
  platform_close_from(first);
  return count_open(0);
}

/* closed(first) -> how many descriptors are left in a child that closes all from `first` on */
static int l_closed(lua_State *L) {
  return in_child(L, close_and_count, (int)luaL_checkinteger(L, 1));
}

/* below(first) -> how many descriptors are open below `first` */
static int l_below(lua_State *L) {
  lua_pushinteger(L, count_open(0) - count_open((int)luaL_checkinteger(L, 1)));
  return 1;
}

static char *mark;

static int read_mark(int value) {
  (void)value;
  return *mark;
}

/* marks() -> what the mark is in this process, and in a child; nothing: there is none */
static int l_marks(lua_State *L) {
  mark = platform_fork_mark();
  if (!mark) return 0;
  lua_pushinteger(L, *mark);
  in_child(L, read_mark, 0);
  platform_fork_mark_free(mark);
  return 2;
}

/* ends() -> whether the end of a child makes its descriptor ready, within 60 s */
static int l_ends(lua_State *L) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  struct pollfd end = { platform_exit_descriptor(pid), POLLIN, 0 };
  lua_pushboolean(L, end.fd >= 0 && poll(&end, 1, 60000) == 1);
  close(end.fd);
  waitpid(pid, NULL, 0);
  return 1;
}

static const luaL_Reg functions[] = {
  { "leak", l_leak }, { "close", l_close }, { "spawned", l_spawned },
  { "executed", l_executed }, { "closed", l_closed }, { "below", l_below }, { "marks", l_marks },
  { "ends", l_ends }, { NULL, NULL }
};

#define EXPORT __attribute__((visibility("default")))
#define OPENER(name)  \
  EXPORT int luaopen_platform_##name(lua_State *L);  \
  int luaopen_platform_##name(lua_State *L) { luaL_newlib(L, functions); return 1; }

OPENER(own)
OPENER(plain)
