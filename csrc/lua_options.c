/* lua_options.c: read option tables: check the names and the types of the values. An error names
   the option. */

#include <string.h>

#include "lua_core.h"

static int is_known(const char *key, const char *const *keys) {
  for (; *keys; keys++)
    if (**keys == *key && strcmp(key, *keys) == 0) return 1;
  return 0;
}

/* Raise an error that lists the known keys. */
static int unknown_key(lua_State *L, const char *noun, const char *key, const char *const *keys) {
  luaL_Buffer list;
  luaL_buffinit(L, &list);
  for (; *keys; keys++) {
    luaL_addstring(&list, *keys);
    if (keys[1]) luaL_addstring(&list, ", ");
  }
  luaL_pushresult(&list);
  return luaL_error(L, "%s has no option '%s' (known: %s)", noun, key, lua_tostring(L, -1));
}

void check_keys(lua_State *L, int arg, const char *noun, const char *const *keys) {
  luaL_checktype(L, arg, LUA_TTABLE);
  luaL_checkstack(L, 40, NULL);      /* room for the values that the caller reads next */
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(not a name)";
    if (!is_known(key, keys)) unknown_key(L, noun, key, keys);
  }
}

/* Return whether a value of the type `found` is set. Raise an error unless it is of type `type`.
   [-0, +0, v] */
static int is_set(lua_State *L, int found, const char *name, int type) {
  if (found > LUA_TNIL && found != type)
    luaL_error(L, "option '%s' must be a %s, not a %s", name, lua_typename(L, type),
               lua_typename(L, found));
  return found > LUA_TNIL;
}

/* Return a text that is set.  [-0, +0, v] */
static const char *text_at(lua_State *L, int index, const char *name) {
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  if (strlen(text) != len) luaL_error(L, "option '%s' must not hold a zero byte", name);
  return text;
}

/* Return a number after a check of its range.  [-0, +0, v] */
static double in_range(lua_State *L, double number, const char *name) {
  if (!(number >= 0 && number <= 1e9))
    luaL_error(L, "option '%s' must be a number from 0 to 1e9", name);
  return number;
}

const char *arg_string(lua_State *L, int arg, const char *name) {
  return is_set(L, lua_type(L, arg), name, LUA_TSTRING) ? text_at(L, arg, name) : NULL;
}

double arg_number(lua_State *L, int arg, const char *name) {
  if (!is_set(L, lua_type(L, arg), name, LUA_TNUMBER)) return 0;
  return in_range(L, lua_tonumber(L, arg), name);
}

int opt_field(lua_State *L, int arg, const char *name, int type) {
  return is_set(L, lua_getfield(L, arg, name), name, type);
}

const char *opt_string(lua_State *L, int arg, const char *name) {
  return opt_field(L, arg, name, LUA_TSTRING) ? text_at(L, -1, name) : NULL;
}

const char *req_string(lua_State *L, int arg, const char *name) {
  const char *text = opt_string(L, arg, name);
  if (!text) luaL_error(L, "option '%s' is missing", name);
  return text;
}

double opt_number(lua_State *L, int arg, const char *name, double otherwise) {
  double number = opt_field(L, arg, name, LUA_TNUMBER) ? lua_tonumber(L, -1) : otherwise;
  lua_pop(L, 1);
  return number == otherwise ? number : in_range(L, number, name);
}

int opt_boolean(lua_State *L, int arg, const char *name) {
  int value = opt_field(L, arg, name, LUA_TBOOLEAN) && lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* Raise unless the table on top has as many keys as entries: a table of fields in place of a list
   would pass for an empty list.  [-0, +0, v] */
static void check_is_list(lua_State *L, const char *name, lua_Integer count) {
  lua_Integer keys = 0;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) keys++;
  if (keys != count) luaL_error(L, "option '%s' must be a list of texts", name);
}

const char *const *opt_list(lua_State *L, int arg, const char *name,
                            const char *list[MAX_LIST + 1]) {
  if (!opt_field(L, arg, name, LUA_TTABLE)) return NULL;
  lua_Integer count = luaL_len(L, -1);
  if (count > MAX_LIST) luaL_error(L, "option '%s' has more than %d entries", name, MAX_LIST);
  check_is_list(L, name, count);
  for (lua_Integer i = 0; i < count; i++) {
    if (lua_rawgeti(L, -1, i + 1) != LUA_TSTRING)
      luaL_error(L, "option '%s' must be a list of texts", name);
    list[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  list[count] = NULL;
  return list;
}
