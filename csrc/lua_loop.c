/* lua_loop.c: own the only Loop of a Lua state. lua_core.c steps it. */

#include "lua_core.h"

#define LOOP     "azureml.loop"
#define THE_LOOP "azureml.the_loop"      /* registry: the userdata of this state's Loop */

/* Return the loop in the registry; NULL before it is made and after it is closed.  [-0, +0, m] */
static Loop *find_loop(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, THE_LOOP);
  Loop **slot = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return slot ? *slot : NULL;
}

Loop *loop_of(lua_State *L) {
  Loop *loop = find_loop(L);
  if (!loop) luaL_error(L, "azureml is closed: this Lua state is about to end");
  if (loop_forked(loop))
    luaL_error(L, "azureml was loaded before this process was forked: load it after the fork");
  return loop;
}

int is_parents(lua_State *L) {
  const Loop *loop = find_loop(L);
  return loop && loop_forked(loop);
}

/* __gc */
static int l_loop_close(lua_State *L) {
  Loop **slot = luaL_checkudata(L, 1, LOOP);
  if (!is_parents(L)) loop_free(*slot);
  *slot = NULL;
  return 0;
}

/* Make the loop of this Lua state. If the module is loaded again, the first loop stays, because
   open objects live on it; a forked child gets a loop of its own. Lua runs finalizers in reverse
   order of creation: the loop is created first and closed last. */
void make_loop(lua_State *L) {
  Loop *loop = find_loop(L);
  if (loop && !loop_forked(loop)) return;
  luaL_newmetatable(L, LOOP);
  lua_pushcfunction(L, l_loop_close);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  void **slot = push_slot(L, LOOP);
  *slot = loop_new();
  if (!*slot) luaL_error(L, "azureml cannot start: out of memory or of file descriptors");
  lua_setfield(L, LUA_REGISTRYINDEX, THE_LOOP);
}
