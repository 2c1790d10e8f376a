/* lua_json.c: the border to jansson for writing: Lua values as JSON, and changes merged into a text whose other members survive as they are.
   lua-cjson decodes for users; it cannot write an empty array, does not tell one from an empty object, and makes every number a float:
   where that matters we read ourselves. */

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua_core.h"

#define ARRAY "azureml.array"

enum { MAX_DEPTH = 200 };

static json_t *to_json(lua_State *L, int index, int depth, const char **fault);

/* A float without a fraction is written as an integer: that is what it was before lua-cjson decoded it. */
static json_t *number_to_json(lua_State *L, int index, const char **fault) {
  if (lua_isinteger(L, index)) return json_integer(lua_tointeger(L, index));
  double number = lua_tonumber(L, index);
  if (isnan(number) || isinf(number)) {
    *fault = "a number that is not finite";
    return NULL;
  }
  if (floor(number) == number && fabs(number) < 9007199254740992.0) return json_integer((json_int_t)number);
  return json_real(number);
}

static json_t *string_to_json(lua_State *L, int index, const char **fault) {
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  json_t *json = json_stringn(text, len);
  if (!json) *fault = "a string that is not UTF-8";
  return json;
}

static int is_marked_array(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return 0;
  luaL_getmetatable(L, ARRAY);
  int marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

/* How many elements if the table is a sequence and nothing else, -1 if it is not.  [-0, +0, -] */
static lua_Integer sequence_length(lua_State *L, int index) {
  lua_Integer count = 0, length = (lua_Integer)lua_rawlen(L, index);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (!lua_isinteger(L, -2) || lua_tointeger(L, -2) < 1 || lua_tointeger(L, -2) > length) {
      lua_pop(L, 2);
      return -1;
    }
    count++;
  }
  return count == length ? count : -1;
}

static json_t *sequence_to_json(lua_State *L, int index, lua_Integer length, int depth, const char **fault) {
  json_t *array = json_array();
  for (lua_Integer i = 1; i <= length; i++) {
    lua_rawgeti(L, index, i);
    json_t *item = to_json(L, lua_gettop(L), depth, fault);
    lua_pop(L, 1);
    if (!item || json_array_append_new(array, item) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

static json_t *members_to_json(lua_State *L, int index, int depth, const char **fault) {
  json_t *object = json_object();
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    json_t *value = NULL;
    if (lua_type(L, -2) == LUA_TSTRING) value = to_json(L, lua_gettop(L), depth, fault);
    else *fault = "a table that is neither a sequence nor has only text keys";
    if (value && json_object_set_new(object, lua_tostring(L, -2), value) == 0) continue;
    if (value) *fault = "a key that is not UTF-8";
    lua_pop(L, 2);
    json_decref(object);
    return NULL;
  }
  return object;
}

static json_t *table_to_json(lua_State *L, int index, int depth, const char **fault) {
  if (depth >= MAX_DEPTH || !lua_checkstack(L, 8)) {
    *fault = "a table nested too deeply";
    return NULL;
  }
  lua_Integer length = sequence_length(L, index);
  if (length > 0 || is_marked_array(L, index)) {
    if (length >= 0) return sequence_to_json(L, index, length, depth + 1, fault);
    *fault = "an array with holes or text keys";
    return NULL;
  }
  return members_to_json(L, index, depth + 1, fault);
}

/* NULL and *fault says what cannot be written. Raises nothing: what was made so far would leak.  [-0, +0, -] */
static json_t *to_json(lua_State *L, int index, int depth, const char **fault) {
  switch (lua_type(L, index)) {
    case LUA_TNIL: return json_null();
    case LUA_TBOOLEAN: return json_boolean(lua_toboolean(L, index));
    case LUA_TNUMBER: return number_to_json(L, index, fault);
    case LUA_TSTRING: return string_to_json(L, index, fault);
    case LUA_TTABLE: return table_to_json(L, index, depth, fault);
    case LUA_TLIGHTUSERDATA:      /* cjson.null */
      if (lua_touserdata(L, index) == NULL) return json_null();
      break;
    default: break;
  }
  *fault = luaL_typename(L, index);
  return NULL;
}

/* The fewest digits, from 15 to 17, that bring a number back as it is: 0.073 is to be written so, not as 0.072999999999999995. */
static int digits_of(double number) {
  char text[40];
  int digits = 15;
  for (; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, number);
    if (strtod(text, NULL) == number) break;
  }
  return digits;
}

/* What the number in a value that needs most of them needs: jansson writes all alike. */
static int digits_in(json_t *json) {
  const char *key;
  size_t index;
  json_t *item;
  int most = json_is_real(json) ? digits_of(json_real_value(json)) : 15;
  json_object_foreach(json, key, item) {
    int digits = digits_in(item);
    if (digits > most) most = digits;
  }
  json_array_foreach(json, index, item) {
    int digits = digits_in(item);
    if (digits > most) most = digits;
  }
  return most;
}

/* Releases json.  [-0, +1, e] */
static int push_text(lua_State *L, json_t *json) {
  char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits_in(json)));
  json_decref(json);
  if (!text) return luaL_error(L, "the value cannot be written as JSON");
  lua_pushstring(L, text);
  free(text);
  return 1;
}

static json_t *check_json(lua_State *L, int arg) {
  const char *fault = NULL;
  json_t *json = to_json(L, arg, 0, &fault);
  if (!json) luaL_error(L, "bad argument #%d: %s cannot be written as JSON", arg, fault ? fault : "the value");
  return json;
}

static int l_encode(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  return push_text(L, check_json(L, 1));
}

/* -- reading ------------------------------------------------------------------------------------------------------------ */

static int push_value(lua_State *L, const json_t *json, int depth);

/* [-0, +1, em] where all fits; else 0 and nothing */
static int push_array(lua_State *L, const json_t *json, int depth) {
  size_t count = json_array_size(json);
  lua_createtable(L, count < INT_MAX ? (int)count : 0, 0);
  luaL_setmetatable(L, ARRAY);
  for (size_t i = 0; i < count; i++) {
    if (!push_value(L, json_array_get(json, i), depth)) return 0;
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int push_object(lua_State *L, json_t *json, int depth) {
  const char *key;
  json_t *value;
  lua_createtable(L, 0, (int)json_object_size(json));
  json_object_foreach(json, key, value) {
    if (!push_value(L, value, depth)) return 0;
    lua_setfield(L, -2, key);
  }
  return 1;
}

static int push_value(lua_State *L, const json_t *json, int depth) {
  if (depth >= MAX_DEPTH || !lua_checkstack(L, 8)) return 0;
  switch (json_typeof(json)) {
    case JSON_OBJECT: return push_object(L, (json_t *)json, depth + 1);
    case JSON_ARRAY: return push_array(L, json, depth + 1);
    case JSON_STRING: lua_pushlstring(L, json_string_value(json), json_string_length(json)); break;
    case JSON_INTEGER: lua_pushinteger(L, json_integer_value(json)); break;
    case JSON_REAL: lua_pushnumber(L, json_real_value(json)); break;
    case JSON_TRUE: case JSON_FALSE: lua_pushboolean(L, json_is_true(json)); break;
    case JSON_NULL: lua_pushlightuserdata(L, NULL); break;      /* cjson.null */
  }
  return 1;
}

static int protected_push(lua_State *L) {
  const json_t *json = lua_touserdata(L, 1);
  lua_settop(L, 0);
  return push_value(L, json, 0) ? 1 : luaL_error(L, "nested too deeply");
}

/* decode(text) -> value | nil, why not. Unlike lua-cjson's: integers stay integers, arrays are marked as such, the empty ones too. */
static int l_decode(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  json_error_t why;
  lua_pushcfunction(L, protected_push);
  json_t *json = json_loadb(text, len, JSON_DECODE_ANY, &why);
  if (!json) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s at byte %d", why.text, why.position);
    return 2;
  }
  lua_pushlightuserdata(L, json);
  int failed = lua_pcall(L, 1, 1, 0);
  json_decref(json);
  if (!failed) return 1;
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* -- merging ------------------------------------------------------------------------------------------------------------ */

/* Objects are merged member by member, all else is replaced; null is written, as the service writes what is unset. */
static int merge(json_t *into, json_t *changes) {
  const char *key;
  json_t *value;
  json_object_foreach(changes, key, value) {
    json_t *old = json_object_get(into, key);
    int failed = json_is_object(old) && json_is_object(value) ? merge(old, value) : json_object_set(into, key, value);
    if (failed) return failed;
  }
  return 0;
}

static int l_merge(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  json_t *changes = check_json(L, 2);
  json_error_t why = { .text = "" };
  json_t *into = json_loadb(text, len, 0, &why);
  int failed = !json_is_object(into) || !json_is_object(changes) || merge(into, changes) != 0;
  json_decref(changes);
  if (!failed) return push_text(L, into);
  json_decref(into);
  return luaL_error(L, "bad argument #1 to 'merge' (the text of a JSON object expected: %s)", *why.text ? why.text : "it is another value");
}

static int l_array(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_setmetatable(L, ARRAY);
  return 1;
}

static int l_is_array(lua_State *L) {
  lua_pushboolean(L, lua_istable(L, 1) && is_marked_array(L, 1));
  return 1;
}

static const luaL_Reg functions[] = {
  { "encode",   l_encode },
  { "decode",   l_decode },
  { "merge",    l_merge },
  { "array",    l_array },
  { "is_array", l_is_array },
  { NULL, NULL }
};

void lua_json_register(lua_State *L) {
  luaL_newmetatable(L, ARRAY);
  lua_pushnil(L);
  lua_setfield(L, -2, "__name");      /* for people it is a table like any other */
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
