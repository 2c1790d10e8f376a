/* poller.c: a poller for the specs. Each implementation of it is linked into a Lua module of its
   own, whose name is POLLER. */

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "poller.h"

#define TYPE "spec.poller"

enum { MOST = 16 };

static Poller *check_poller(lua_State *L) { return *(Poller **)luaL_checkudata(L, 1, TYPE); }

static int fd_of(lua_State *L, int arg) { return (int)luaL_checkinteger(L, arg); }

/* Read "r", "w" or "rw". */
static unsigned check_events(lua_State *L, int arg) {
  const char *text = luaL_checkstring(L, arg);
  return (strchr(text, 'r') ? POLLER_READ : 0) | (strchr(text, 'w') ? POLLER_WRITE : 0);
}

/* true | nil, reason */
static int result(lua_State *L, int done) {
  if (done != 0) return luaL_fileresult(L, 0, NULL);
  lua_pushboolean(L, 1);
  return 1;
}

static int l_new(lua_State *L) {
  Poller **slot = lua_newuserdatauv(L, sizeof *slot, 0);
  *slot = poller_new();
  luaL_setmetatable(L, TYPE);
  return *slot ? 1 : luaL_error(L, "no poller");
}

static int l_free(lua_State *L) {
  Poller **slot = luaL_checkudata(L, 1, TYPE);
  poller_free(*slot);
  *slot = NULL;
  return 0;
}

/* add(fd, events) */
static int l_add(lua_State *L) {
  return result(L, poller_add(check_poller(L), fd_of(L, 2), check_events(L, 3)));
}

/* change(fd, events) */
static int l_change(lua_State *L) {
  return result(L, poller_change(check_poller(L), fd_of(L, 2), check_events(L, 3)));
}

static int l_remove(lua_State *L) {
  poller_remove(check_poller(L), fd_of(L, 2));
  return 0;
}

/* wait(max, ms) -> { [fd] = "r" | "w" | "rw", with an "e" after it for an error } */
static int l_wait(lua_State *L) {
  PollerReady ready[MOST];
  lua_Integer max = luaL_checkinteger(L, 2);
  luaL_argcheck(L, max > 0 && max <= MOST, 2, "too many");
  int count = poller_wait(check_poller(L), ready, (int)max, (int)luaL_checkinteger(L, 3), NULL);
  if (count < 0) return luaL_fileresult(L, 0, NULL);
  lua_newtable(L);
  for (int i = 0; i < count; i++) {
    unsigned events = ready[i].events;
    lua_pushfstring(L, "%s%s%s", events & POLLER_READ ? "r" : "", events & POLLER_WRITE ? "w" : "",
                    events & POLLER_ERROR ? "e" : "");
    lua_rawseti(L, -2, ready[i].fd);
  }
  return 1;
}

static void on_signal(int number) { (void)number; }

/* signalled(ms) -> what the wait says about a signal that is blocked but during the wait */
static int l_signalled(lua_State *L) {
  PollerReady ready[MOST];
  sigset_t block, before;
  struct sigaction action = { .sa_handler = on_signal }, old;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigaction(SIGUSR1, &action, &old);
  sigprocmask(SIG_BLOCK, &block, &before);
  raise(SIGUSR1);
  int count = poller_wait(check_poller(L), ready, MOST, (int)luaL_checkinteger(L, 2), &before);
  int why = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  sigaction(SIGUSR1, &old, NULL);
  lua_pushstring(L, count < 0 ? strerror(why) : "no signal");
  return 1;
}

/* pipe() -> its end to read, its end to write */
static int l_pipe(lua_State *L) {
  int ends[2];
  if (pipe(ends) != 0) return luaL_error(L, "pipe: %s", strerror(errno));
  lua_pushinteger(L, ends[0]);
  lua_pushinteger(L, ends[1]);
  return 2;
}

/* raised(fd) -> the same under a number above FD_SETSIZE, as far as the system allows */
static int l_raised(lua_State *L) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  int least = limit.rlim_cur > 1600 ? 1500 : (int)limit.rlim_cur - 100;
  lua_pushinteger(L, fcntl(fd_of(L, 1), F_DUPFD, least));
  return 1;
}

static int l_write(lua_State *L) {
  return result(L, write(fd_of(L, 1), "x", 1) == 1 ? 0 : -1);
}

static int l_close(lua_State *L) { return result(L, close(fd_of(L, 1))); }

static const luaL_Reg functions[] = {
  { "new", l_new }, { "pipe", l_pipe }, { "raised", l_raised }, { "write", l_write },
  { "close", l_close }, { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "add", l_add }, { "change", l_change }, { "remove", l_remove }, { "wait", l_wait },
  { "signalled", l_signalled }, { NULL, NULL }
};

static int open_module(lua_State *L) {
  luaL_newmetatable(L, TYPE);
  lua_pushcfunction(L, l_free);
  lua_setfield(L, -2, "__gc");
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  luaL_newlib(L, functions);
  return 1;
}

#define EXPORT __attribute__((visibility("default")))
#define OPENER(name)  \
  EXPORT int luaopen_poller_##name(lua_State *L);  \
  int luaopen_poller_##name(lua_State *L) { return open_module(L); }

OPENER(epoll)
OPENER(poll)
OPENER(select)
