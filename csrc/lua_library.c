/* lua_library.c: tell which libraries a module runs on: their names, versions and files. It does
   not use the core, so the other modules are linked with a copy. */

#include <dlfcn.h>

#include "lua_core.h"

static const char here = 0;      /* an address in the file that this module is in */

/* A static executable knows no files: dladdr fails there. */
int push_file_of(lua_State *L, Code function) {
  Dl_info theirs, ours;
  union { Code function; const void *address; } code = { .function = function };
  int is_known = dladdr(code.address, &theirs) && dladdr(&here, &ours);
  if (is_known && theirs.dli_fbase != ours.dli_fbase) lua_pushstring(L, theirs.dli_fname);
  else lua_pushnil(L);
  return 1;
}

void push_libraries(lua_State *L, const Library *libraries) {
  lua_newtable(L);
  for (const Library *library = libraries; library->name; library++) {
    lua_newtable(L);
    lua_pushstring(L, library->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, library->version);
    lua_setfield(L, -2, "version");
    push_file_of(L, library->function);
    lua_setfield(L, -2, "path");
    lua_rawseti(L, -2, library - libraries + 1);
  }
}
