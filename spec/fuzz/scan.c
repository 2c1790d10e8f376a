/* scan.c: fuzz the scanner of JSON texts, with lua-cjson and jansson as oracles: scan.lua compares
   what they read. The scanner's form for processors without SSE2 must find the same. */

#include <jansson.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../csrc/scan_forms.h"
#include "lua_core.h"

int luaopen_cjson(lua_State *L);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(lua_State *L, int failed) {
  if (!failed) return;
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  abort();
}

/* Push the function of scan.lua that compares. */
static void push_compare(lua_State *L) {
  check(L, luaL_loadfile(L, COMPARE) || lua_pcall(L, 0, 1, 0));
  lua_newtable(L);
  lua_scan_register(L);
  luaopen_cjson(L);
  lua_getfield(L, -1, "decode_invalid_numbers");
  lua_pushboolean(L, 0);
  check(L, lua_pcall(L, 1, 0, 0));
  lua_getfield(L, -1, "decode");
  lua_replace(L, -2);
  check(L, lua_pcall(L, 2, 1, 0));
}

static lua_State *new_state(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  push_compare(L);
  return L;
}

/* Tell whether jansson takes a text as an object, and rightly so: it overlooks a NUL behind a
   number or a word. */
static int is_object(const char *text, size_t size) {
  json_t *json = json_loadb(text, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
  int is_one = json_is_object(json) && !memchr(text, '\0', size);
  json_decref(json);
  return is_one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (!L) L = new_state();
  const char *text = (const char *)data;
  lua_pushvalue(L, 1);
  lua_pushlstring(L, text, size);
  if (!scan_forms_agree(lua_tostring(L, -1), size)) abort();
  lua_pushboolean(L, is_object(text, size));
  check(L, lua_pcall(L, 2, 1, 0));
  check(L, lua_isstring(L, -1));
  lua_settop(L, 1);
  return 0;
}
