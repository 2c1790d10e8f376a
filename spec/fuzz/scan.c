/* scan.c: fuzz the scanner of JSON texts, with lua-cjson and jansson as oracles: scan.lua compares
   what they read. The scanner's form for processors without SSE2 must find the same. */

#include <jansson.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (!L) L = new_state();
  const char *text = (const char *)data;
  json_t *json = json_loadb(text, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
  lua_pushvalue(L, 1);
  lua_pushlstring(L, text, size);
  if (!scan_forms_agree(lua_tostring(L, -1), size)) abort();
  lua_pushboolean(L, json_is_object(json));
  check(L, lua_pcall(L, 2, 1, 0));
  check(L, lua_isstring(L, -1));
  lua_settop(L, 1);
  json_decref(json);
  return 0;
}
