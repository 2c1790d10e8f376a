/* lua_module.c: open the module azureml.core: make the loop and collect the functions of the other
   lua_*.c files in one table. The module is private to the package: azureml.client,
   azureml.credential and azureml.task are its public interface. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lua_core.h"
#include "platform.h"

/* Overwrite memory that jansson frees: it may hold tokens. The memory comes from malloc, so other
   users of jansson in this process see no difference. */
static void wipe_and_free(void *memory) {
  if (memory) explicit_bzero(memory, platform_memory_size(memory));
  free(memory);
}

AML_EXPORT int luaopen_azureml_core(lua_State *L);

AML_EXPORT int luaopen_azureml_core(lua_State *L) {
  json_set_alloc_funcs(malloc, wipe_and_free);
  make_loop(L);
  lua_newtable(L);
  lua_core_register(L);
  lua_stream_register(L);
  lua_credential_register(L);
  lua_json_register(L);
  lua_scan_register(L);
  lua_system_register(L);
  lua_terminal_register(L);
  lua_process_register(L);
  lua_journal_register(L);
  lua_state_file_register(L);
  lua_crypto_register(L);
  lua_digest_register(L);
  lua_certificate_register(L);
  lua_pushliteral(L, AML_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
