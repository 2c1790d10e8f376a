/* lua_value.c: push the values that all lua_*.c files need: userdata, fields, nil and a reason.
   It does not use the core, so the module azureml.httpd is linked with a copy. */

#include <stdlib.h>

#include "lua_core.h"

/* -- types ------------------------------------------------------------------------------------- */

void make_type(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods) {
  luaL_newmetatable(L, name);
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, meta, 1);
  lua_newtable(L);
  lua_pushvalue(L, -2);
  luaL_setfuncs(L, methods, 1);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");      /* a script cannot remove __gc */
  lua_pop(L, 1);
}

void make_weak(lua_State *L, const char *name) {
  int exists = lua_getfield(L, LUA_REGISTRYINDEX, name) == LUA_TTABLE;
  lua_pop(L, 1);
  if (exists) return;
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

void **push_slot(lua_State *L, const char *type) {
  void **slot = lua_newuserdatauv(L, sizeof *slot, 1);
  *slot = NULL;
  luaL_setmetatable(L, type);
  return slot;
}

void *check_self(lua_State *L, const char *type) {
  int is_one = lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1)
    && lua_topointer(L, -1) == lua_topointer(L, lua_upvalueindex(1));
  if (!is_one) return luaL_checkudata(L, 1, type);
  lua_pop(L, 1);
  return lua_touserdata(L, 1);
}

/* Return the object in a slot; raise an error when it is closed.  [-0, +0, e] */
static void *check_slot(lua_State *L, int arg, void *const *slot, const char *noun) {
  if (!*slot) luaL_argerror(L, arg, lua_pushfstring(L, "this %s is closed", noun));
  return *slot;
}

void *check_open(lua_State *L, int arg, const char *type, const char *noun) {
  return check_slot(L, arg, luaL_checkudata(L, arg, type), noun);
}

void *check_open_self(lua_State *L, const char *type, const char *noun) {
  return check_slot(L, 1, check_self(L, type), noun);
}

/* -- texts, fields and reasons ----------------------------------------------------------------- */

static int protected_text(lua_State *L) {
  lua_pushstring(L, lua_touserdata(L, 1));
  return 1;
}

static int protected_buf(lua_State *L) { return push_buf(L, lua_touserdata(L, 1)); }

/* Push memory of the core by a function that may run out of memory: the caller frees the memory
   before it raises the error. Return 0, or another value with the error on top.  [-0, +1, -] */
static int push_protected(lua_State *L, lua_CFunction push, void *memory) {
  lua_pushcfunction(L, push);
  lua_pushlightuserdata(L, memory);
  return lua_pcall(L, 1, 1, 0);
}

int push_owned(lua_State *L, char *text) {
  if (!text) {
    lua_pushnil(L);
    return 1;
  }
  int failed = push_protected(L, protected_text, text);
  free(text);
  return failed ? lua_error(L) : 1;
}

int push_owned_buf(lua_State *L, Buf *buf) {
  int failed = push_protected(L, protected_buf, buf);
  buf_wipe(buf);      /* the text may hold secrets */
  return failed ? lua_error(L) : 1;
}

int push_buf(lua_State *L, const Buf *buf) {
  lua_pushlstring(L, buf->data ? buf->data : "", buf->len);
  return 1;
}

int push_reason(lua_State *L, const char *reason) {
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
}

void set_text(lua_State *L, const char *name, const char *text) {
  if (!text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

void set_integer(lua_State *L, const char *name, lua_Integer number) {
  lua_pushinteger(L, number);
  lua_setfield(L, -2, name);
}
