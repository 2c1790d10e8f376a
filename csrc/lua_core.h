/* lua_core.h: what the files of the border share. */
#ifndef LUA_CORE_H
#define LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>

#define AML_EXPORT __attribute__((visibility("default")))

void lua_json_register(lua_State *L);      /* adds encode, merge, array, is_array to the table on top  [-0, +0, m] */
void lua_system_register(lua_State *L);    /* adds read_trusted, directory, terminal_width  [-0, +0, m] */

void lua_journal_register(lua_State *L);   /* adds journal, dead_journals  [-0, +0, m] */
void lua_crypto_register(lua_State *L);    /* adds the table crypto  [-0, +0, m] */

#endif
