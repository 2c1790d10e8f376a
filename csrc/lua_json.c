/* lua_json.c: write Lua values as JSON, and read and merge JSON texts with jansson. lua-cjson
   decodes replies for users. It cannot write an empty array, reads empty arrays and empty objects
   as equal tables, and turns every number into a float; this file is used where that matters. */

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "lua_core.h"
#include "text.h"

#define ARRAY   "azureml.array"        /* the metatable that marks an array */
#define WRITTEN "azureml.written"      /* registry: the output Buf of this Lua state */

enum { MAX_DEPTH = 200, MAX_TEXT = 1024 * 1024 * 1024 };

/* -- writing ----------------------------------------------------------------------------------- */

/* A Writer writes bytes directly. The values are mostly large and short-lived; a tree of jansson
   would cost four times as much. */
typedef struct Writer {
  lua_State  *L;
  Buf        *out;
  const char *fault;      /* the value without a JSON form; NULL: none so far */
} Writer;

static int write_value(Writer *w, int index, int depth);

/* Append bytes; call buf_add only when the Buf must grow. Return 0 without memory, else 1. */
static inline int put(Writer *w, const void *data, size_t len) {
  Buf *out = w->out;
  if (out->failed || out->cap - out->len <= len) return buf_add(out, data, len) == 0;
  memcpy(out->data + out->len, data, len);
  out->len += len;
  return 1;
}

static inline int put_text(Writer *w, const char *text) { return put(w, text, strlen(text)); }

/* Note the first fault. Return 0. */
static int refuse(Writer *w, const char *fault) {
  if (!w->fault) w->fault = fault;
  return 0;
}

/* Return how many digits, from 15 to 17, a number needs to be read back unchanged. 0.073 is written
   as it is, not as 0.072999999999999995. */
static int digits_of(double number) {
  char text[40];
  int digits = 15;
  for (; digits < 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, number);
    if (strtod(text, NULL) == number) break;
  }
  return digits;
}

/* Write a float without a fraction as an integer, which it was before lua-cjson decoded it. */
static int write_number(Writer *w, int index) {
  char text[40];
  if (lua_isinteger(w->L, index)) {
    snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(w->L, index));
    return put_text(w, text);
  }
  double number = lua_tonumber(w->L, index);
  if (isnan(number) || isinf(number)) return refuse(w, "a number that is not finite");
  if (floor(number) == number && fabs(number) < 9007199254740992.0) {
    snprintf(text, sizeof text, "%.0f", number == 0 ? 0.0 : number);
  } else {
    snprintf(text, sizeof text, "%.*g", digits_of(number), number);
    char *comma = strchr(text, ',');      /* the decimal point of some locales */
    if (comma) *comma = '.';
    if (!strpbrk(text, ".e")) strcat(text, ".0");
  }
  return put_text(w, text);
}

static void write_escape(Writer *w, unsigned char byte) {
  /* Pairs: a byte, and the letter that stands for it after a backslash. */
  static const char short_form[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (const char *pair = short_form; *pair; pair += 2) {
    if ((unsigned char)*pair != byte) continue;
    char escape[2] = { '\\', pair[1] };
    put(w, escape, sizeof escape);
    return;
  }
  char escape[8];
  snprintf(escape, sizeof escape, "\\u%04X", byte);
  put_text(w, escape);
}

static int write_bytes(Writer *w, const char *text, size_t len, const char *fault) {
  size_t start = 0, end = 0;      /* of the bytes that need no escape */
  put(w, "\"", 1);
  while ((end += text_plain(text + end, len - end)) < len) {
    unsigned char byte = (unsigned char)text[end];
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      end++;
    } else if (byte >= 0x80) {
      size_t character = text_character(text + end, len - end);
      if (!character) return refuse(w, fault);
      end += character;
    } else {
      put(w, text + start, end - start);
      write_escape(w, byte);
      start = ++end;
    }
  }
  put(w, text + start, end - start);
  return put(w, "\"", 1);
}

static int write_string(Writer *w, int index, const char *fault) {
  size_t len;
  const char *text = lua_tolstring(w->L, index, &len);
  return write_bytes(w, text, len, fault);
}

/* Write a member behind "{" or ","; skip a text of NULL. */
static int write_member(Writer *w, const char *before, const char *name, const char *text) {
  if (!text) return 1;
  put_text(w, before);
  write_bytes(w, name, strlen(name), NULL);
  put_text(w, ":");
  return write_bytes(w, text, strlen(text), "a text that is not UTF-8");
}

static int write_lro(Writer *w, const Lro *lro) {
  return write_member(w, "{", "final_state", lro_final_state_name(lro->final_state))
    && write_member(w, ",", "location", lro->location)
    && write_member(w, ",", "mode", lro_mode_name(lro->mode))
    && write_member(w, ",", "poll_query", lro->poll_query)
    && write_member(w, ",", "poll_url", lro->poll_url)
    && write_member(w, ",", "resource_location", lro->resource_location)
    && write_member(w, ",", "status", lro->status)
    && put_text(w, "}");
}

/* Write the progress of an operation. Write null when there is nothing to poll, or when a text such
   as the status URL is not UTF-8. */
static int write_operation(Writer *w, int index) {
  void **slot = luaL_testudata(w->L, index, OPERATION);
  size_t start = w->out->len;
  Lro progress = { .poll_url = NULL };
  if (!slot) return refuse(w, luaL_typename(w->L, index));
  int is_written = *slot && op_progress(*slot, &progress) && write_lro(w, &progress);
  free(progress.poll_url);
  if (is_written) return 1;
  w->out->len = start;
  w->fault = NULL;
  return put_text(w, "null");
}

static int is_marked_array(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return 0;
  luaL_getmetatable(L, ARRAY);
  int marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

/* Return the length of a table that is a sequence without other keys; -1 for other tables.
   [-0, +0, -] */
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

static int write_sequence(Writer *w, int index, lua_Integer length, int depth) {
  put(w, "[", 1);
  for (lua_Integer i = 1; i <= length; i++) {
    if (i > 1) put(w, ",", 1);
    lua_rawgeti(w->L, index, i);
    int good = write_value(w, lua_gettop(w->L), depth);
    lua_pop(w->L, 1);
    if (!good) return 0;
  }
  return put(w, "]", 1);
}

typedef struct Key { const char *text; int slot; } Key;      /* slot: its index on the stack */

static int compare_keys(const void *a, const void *b) {
  return strcmp(((const Key *)a)->text, ((const Key *)b)->text);
}

/* Sort a few keys by insertion, which is quicker than a call for each comparison. */
static void sort_keys(Key *keys, int count) {
  enum { FEW = 32 };
  if (count > FEW) {
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
    return;
  }
  for (int i = 1; i < count; i++) {
    Key key = keys[i];
    int place = i;
    for (; place > 0 && strcmp(keys[place - 1].text, key.text) > 0; place--)
      keys[place] = keys[place - 1];
    keys[place] = key;
  }
}

/* Push all keys, so that their texts stay valid, and return 1. Return 0 when a key is not a text.
   [-0, +count, -] */
static int push_keys(Writer *w, int index, int count, Key *keys) {
  lua_State *L = w->L;
  int top = lua_gettop(L);
  lua_pushnil(L);
  for (int i = 0; i < count; i++) {
    if (!lua_next(L, index)) return refuse(w, "a table that changes while it is written");
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      lua_settop(L, top);
      return refuse(w, "a table that is neither a sequence nor has only text keys");
    }
    keys[i] = (Key){ lua_tostring(L, -1), top + 1 + i };
    lua_pushvalue(L, -1);
  }
  lua_pop(L, 1);
  return 1;
}

static int write_keys(Writer *w, int index, const Key *keys, int count, int depth) {
  put(w, "{", 1);
  for (int i = 0; i < count; i++) {
    if (i > 0) put(w, ",", 1);
    if (!write_string(w, keys[i].slot, "a key that is not UTF-8")) return 0;
    put(w, ":", 1);
    lua_pushvalue(w->L, keys[i].slot);
    lua_rawget(w->L, index);
    int good = write_value(w, lua_gettop(w->L), depth);
    lua_pop(w->L, 1);
    if (!good) return 0;
  }
  return put(w, "}", 1);
}

/* Write members sorted by key, so that equal values give equal texts.  [-0, +0, m] */
static int write_members(Writer *w, int index, int depth) {
  enum { FEW = 48 };
  Key few[FEW], *keys = few;
  lua_State *L = w->L;
  int count = 0, top = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) count++;
  if (!lua_checkstack(L, count + 8)) return refuse(w, "a table with too many keys");
  if (count > FEW) {
    keys = lua_newuserdatauv(L, (size_t)count * sizeof *keys, 0);
    top++;
  }
  int good = push_keys(w, index, count, keys);
  if (good) {
    sort_keys(keys, count);
    good = write_keys(w, index, keys, count, depth);
  }
  lua_settop(L, keys == few ? top : top - 1);
  return good;
}

/* Write what an object's metamethod __json returns in place of the object.  [-1, +0, e] */
static int write_replacement(Writer *w, int index, int depth) {
  lua_pushvalue(w->L, index);
  lua_call(w->L, 1, 1);
  int good = write_value(w, lua_gettop(w->L), depth + 1);
  lua_pop(w->L, 1);
  return good;
}

static int write_table(Writer *w, int index, int depth) {
  if (depth >= MAX_DEPTH || !lua_checkstack(w->L, 8)) return refuse(w, "a table nested too deeply");
  if (luaL_getmetafield(w->L, index, "__json") != LUA_TNIL)
    return write_replacement(w, index, depth);
  lua_Integer length = sequence_length(w->L, index);
  if (length > 0 || is_marked_array(w->L, index)) {
    if (length < 0) return refuse(w, "an array with holes or text keys");
    return write_sequence(w, index, length, depth + 1);
  }
  return write_members(w, index, depth + 1);
}

/* Write a value; return 0 and note the fault when it has no JSON form.  [-0, +0, m] */
static int write_value(Writer *w, int index, int depth) {
  lua_State *L = w->L;
  switch (lua_type(L, index)) {
    case LUA_TNIL: return put_text(w, "null");
    case LUA_TBOOLEAN: return put_text(w, lua_toboolean(L, index) ? "true" : "false");
    case LUA_TNUMBER: return write_number(w, index);
    case LUA_TSTRING: return write_string(w, index, "a string that is not UTF-8");
    case LUA_TTABLE: return write_table(w, index, depth);
    case LUA_TUSERDATA: return write_operation(w, index);
    case LUA_TLIGHTUSERDATA:      /* cjson.null */
      if (lua_touserdata(L, index) == NULL) return put_text(w, "null");
      break;
    default: break;
  }
  return refuse(w, luaL_typename(L, index));
}

/* Return the one output Buf of this state, empty. It belongs to the registry, so an error leaks
   nothing, and it keeps up to 1 MiB for the next call. */
static Buf *writer_buf(lua_State *L) {
  enum { KEPT = 1024 * 1024 };
  lua_getfield(L, LUA_REGISTRYINDEX, WRITTEN);
  Buf *buf = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (buf->cap > KEPT) buf_clear(buf);
  buf_reset(buf);
  return buf;
}

static int l_buf_clear(lua_State *L) {
  buf_clear(lua_touserdata(L, 1));
  return 0;
}

Buf *lua_json_text(lua_State *L, int arg) {
  Writer w = { L, writer_buf(L), NULL };
  if (!write_value(&w, arg, 0) || w.out->failed)
    luaL_error(L, "bad argument #%d: %s cannot be written as JSON", arg,
               w.fault ? w.fault : "the value");
  return w.out;
}

/* encode(value) -> JSON text */
static int l_encode(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  const Buf *text = lua_json_text(L, 1);
  lua_pushlstring(L, text->data, text->len);
  return 1;
}

/* -- reading ----------------------------------------------------------------------------------- */

static int push_value(lua_State *L, const json_t *json, int depth);

/* Push an array and return 1; return 0 when it is nested too deeply. push_object and push_value do
   the same; what a failure leaves on the stack is the caller's to remove.  [-0, +1, m] */
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

/* decode(text[, is_strict]) -> value | nil, reason. Unlike lua-cjson, keep integers as integers and
   mark arrays, also empty ones. Strict: refuse an object that has a key twice. */
static int l_decode(lua_State *L) {
  size_t len;
  const char *text = text_after_mark(luaL_checklstring(L, 1, &len), &len);
  size_t strict = lua_toboolean(L, 2) ? JSON_REJECT_DUPLICATES : 0;
  json_error_t why;
  lua_pushcfunction(L, protected_push);
  json_t *json = json_loadb(text, len, JSON_DECODE_ANY | strict, &why);
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

/* -- merging ----------------------------------------------------------------------------------- */

/* Return how many digits the numbers of a value need at most: jansson writes all numbers with the
   same precision. */
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

/* Push the text of a JSON value and release the value.  [-0, +1, e] */
static int push_text(lua_State *L, json_t *json) {
  size_t flags = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
  char *text = json_dumps(json, flags | (size_t)JSON_REAL_PRECISION(digits_in(json)));
  json_decref(json);
  if (!text) return luaL_error(L, "the value cannot be written as JSON");
  return push_owned(L, text);
}

/* Merge objects member by member and replace all other values. Keep null: the service writes unset
   members as null. */
static int merge(json_t *into, json_t *changes) {
  const char *key;
  json_t *value;
  json_object_foreach(changes, key, value) {
    json_t *old = json_object_get(into, key);
    int failed = json_is_object(old) && json_is_object(value) ? merge(old, value)
                                                              : json_object_set(into, key, value);
    if (failed) return failed;
  }
  return 0;
}

/* merge(text, changes) -> the text of a JSON object with the changes; its other members stay */
static int l_merge(lua_State *L) {
  size_t len;
  const char *text = text_after_mark(luaL_checklstring(L, 1, &len), &len);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  const Buf *written = lua_json_text(L, 2);
  json_error_t why = { .text = "" };
  json_t *changes = json_loadb(written->data, written->len, JSON_ALLOW_NUL, &why);
  json_t *into = changes ? json_loadb(text, len, 0, &why) : NULL;
  int failed = !json_is_object(into) || !json_is_object(changes) || merge(into, changes) != 0;
  json_decref(changes);
  if (!failed) return push_text(L, into);
  json_decref(into);
  return luaL_error(L, "bad argument #1 to 'merge' (the text of a JSON object expected: %s)",
                    *why.text ? why.text : "it is another value");
}

/* array(table) -> the same table, marked as an array */
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

static void make_written(lua_State *L) {
  Buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
  *buf = (Buf){ .limit = MAX_TEXT };
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, l_buf_clear);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, WRITTEN);
}

void lua_json_register(lua_State *L) {
  luaL_newmetatable(L, ARRAY);
  lua_pushnil(L);
  lua_setfield(L, -2, "__name");      /* messages call it a table */
  lua_pop(L, 1);
  make_written(L);
  luaL_setfuncs(L, functions, 0);
}
