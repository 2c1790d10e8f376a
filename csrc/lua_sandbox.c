/* lua_sandbox.c: a text in Lua that describes something, run where there is nothing: in a Lua state of its own without a library, with a
   bound on its steps and on its memory. What it returns comes back as plain data. */

#include <stdlib.h>
#include <string.h>

#include "lua_core.h"

enum { MAX_DEPTH = 32, MAX_VALUES = 2000000, MAX_MEMORY = 512 * 1024 * 1024, MAX_STEPS = 50000000, HOOK = 10000 };

typedef struct Bounds { size_t used; int turns; } Bounds;

static void *allocate(void *context, void *old, size_t old_size, size_t size) {
  Bounds *bounds = context;
  if (!old) old_size = 0;      /* it is then a kind of object */
  if (size > old_size && bounds->used + (size - old_size) > MAX_MEMORY) return NULL;
  void *memory = NULL;
  if (size == 0) free(old);
  else if (!(memory = realloc(old, size))) return NULL;
  bounds->used = bounds->used - old_size + size;
  return memory;
}

static void count_steps(lua_State *S, lua_Debug *at) {
  void *context;
  (void)at;
  lua_getallocf(S, &context);
  if (++((Bounds *)context)->turns > MAX_STEPS / HOOK) luaL_error(S, "it takes too long");
}

/* -- bringing it over --------------------------------------------------------------------------------------------------- */

typedef struct Carrier { lua_State *from; int values; } Carrier;

static void carry(lua_State *L, Carrier *carrier, int depth);

static void carry_table(lua_State *L, Carrier *carrier, int depth) {
  lua_State *S = carrier->from;
  lua_newtable(L);
  for (lua_pushnil(S); lua_next(S, -2); lua_pop(S, 1)) {
    int kind = lua_type(S, -2);
    if (kind == LUA_TSTRING) lua_pushlstring(L, lua_tostring(S, -2), lua_rawlen(S, -2));
    else if (lua_isinteger(S, -2)) lua_pushinteger(L, lua_tointeger(S, -2));
    else luaL_error(L, "a key is a %s, where a text or a number is expected", lua_typename(S, kind));
    if (lua_type(S, -1) == LUA_TFUNCTION) luaL_error(L, "'%s' is a function, where plain data is expected", luaL_tolstring(L, -1, NULL));
    carry(L, carrier, depth);
    lua_rawset(L, -3);
  }
}

/* The value on top of the sandbox, onto ours.  [-0, +1, e] */
static void carry(lua_State *L, Carrier *carrier, int depth) {
  lua_State *S = carrier->from;
  if (depth > MAX_DEPTH || ++carrier->values > MAX_VALUES || !lua_checkstack(S, 8)) luaL_error(L, "it is too deep, or too large");
  luaL_checkstack(L, 8, NULL);
  switch (lua_type(S, -1)) {
    case LUA_TBOOLEAN: lua_pushboolean(L, lua_toboolean(S, -1)); break;
    case LUA_TNUMBER:
      if (lua_isinteger(S, -1)) lua_pushinteger(L, lua_tointeger(S, -1));
      else lua_pushnumber(L, lua_tonumber(S, -1));
      break;
    case LUA_TSTRING: lua_pushlstring(L, lua_tostring(S, -1), lua_rawlen(S, -1)); break;
    case LUA_TTABLE: carry_table(L, carrier, depth + 1); break;
    default: luaL_error(L, "it returns a %s, where plain data is expected", luaL_typename(S, -1));
  }
}

static int protected_carry(lua_State *L) {
  Carrier carrier = { lua_touserdata(L, 1), 0 };
  carry(L, &carrier, 0);
  return 1;
}

/* -- running ------------------------------------------------------------------------------------------------------------ */

typedef struct Text { const char *bytes, *name; size_t len; } Text;

static int protected_run(lua_State *S) {
  const Text *text = lua_touserdata(S, 1);
  lua_settop(S, 0);
  if (luaL_loadbufferx(S, text->bytes, text->len, text->name, "t") != LUA_OK) return lua_error(S);
  lua_call(S, 0, 1);
  return 1;
}

/* sandbox(text, chunk_name) -> value | nil, why not */
static int l_sandbox(lua_State *L) {
  Text text;
  text.bytes = luaL_checklstring(L, 1, &text.len);
  text.name = luaL_checkstring(L, 2);
  Bounds bounds = { 0, 0 };
  lua_settop(L, 2);
  lua_pushcfunction(L, protected_carry);
  lua_State *S = lua_newstate(allocate, &bounds);
  if (!S) return luaL_error(L, "there is not enough memory");
  lua_sethook(S, count_steps, LUA_MASKCOUNT, HOOK);
  lua_pushcfunction(S, protected_run);
  lua_pushlightuserdata(S, &text);
  int failed = lua_pcall(S, 1, 1, 0);
  if (failed) {      /* a copy of at most so much: memory may be what is lacking */
    const char *why = lua_type(S, -1) == LUA_TSTRING ? lua_tostring(S, -1) : "it raises what is no text";
    char copy[512];
    strncpy(copy, why, sizeof copy - 1);
    copy[sizeof copy - 1] = '\0';
    lua_close(S);
    lua_pushnil(L);
    lua_pushstring(L, copy);
    return 2;
  }
  lua_pushlightuserdata(L, S);
  failed = lua_pcall(L, 1, 1, 0);
  lua_close(S);
  if (!failed) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

static const luaL_Reg functions[] = { { "sandbox", l_sandbox }, { NULL, NULL } };

void lua_sandbox_register(lua_State *L) { luaL_setfuncs(L, functions, 0); }
