/* environment.c: set this process's environment from the specs, as the Lua module `environment`. It
   is never installed. */

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>

/* set(name, value): set a variable, or remove it for nil. */
static int l_set(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *value = luaL_optstring(L, 2, NULL);
  int failed = value ? setenv(name, value, 1) : unsetenv(name);
  return failed ? luaL_error(L, "cannot set %s", name) : 0;
}

static const luaL_Reg functions[] = { { "set", l_set }, { NULL, NULL } };

__attribute__((visibility("default"))) int luaopen_environment(lua_State *L);

int luaopen_environment(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
