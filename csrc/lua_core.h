/* lua_core.h: the functions that the lua_*.c files share. Only these files and main.c know Lua. */
#ifndef LUA_CORE_H
#define LUA_CORE_H

#include <lauxlib.h>
#include <lua.h>

#include "aml.h"
#include "buf.h"

#define AML_EXPORT __attribute__((visibility("default")))

/* The userdata types that several files check. */
#define CREDENTIAL "azureml.credential"
#define CLIENT     "azureml.client"
#define OPERATION  "azureml.core.op"

/* A field of the registry: a signal cannot be lost, because it ends the loop's wait. The executable
   sets it. Each wait then needs two system calls less. */
#define SIGNALS_WAKE_LOOP "azureml.signals_wake_loop"

/* -- option tables: lua_options.c -------------------------------------------------------------- */

enum { MAX_LIST = 64 };

/* Raise an error for an unknown key ('tiemout'); the message names the table by the noun and lists
   the known keys.  [-0, +0, e] */
void check_keys(lua_State *L, int arg, const char *noun, const char *const *keys);
/* Return an argument that may be nil: a text, or NULL; a number from 0 to 1e9, or 0.
   [-0, +0, e] */
const char *arg_string(lua_State *L, int arg, const char *name);
double arg_number(lua_State *L, int arg, const char *name);
/* Push a field, also when it is nil, and return whether it is set. A borrowed text stays valid as
   long as the value is on the stack.  [-0, +1, e] */
int opt_field(lua_State *L, int arg, const char *name, int type);
/* Return an optional text, or NULL.  [-0, +1, e] */
const char *opt_string(lua_State *L, int arg, const char *name);
/* Return a required text.  [-0, +1, e] */
const char *req_string(lua_State *L, int arg, const char *name);
/* Return an optional number from 0 to 1e9.  [-0, +0, e] */
double opt_number(lua_State *L, int arg, const char *name, double otherwise);
/* Return an optional boolean; the default is 0.  [-0, +0, e] */
int opt_boolean(lua_State *L, int arg, const char *name);
/* Fill list with the texts of a sequence and a final NULL, and return it; NULL when the field is
   not set. The texts are borrowed from the table.  [-0, +1, e] */
const char *const *opt_list(lua_State *L, int arg, const char *name,
                            const char *list[MAX_LIST + 1]);

/* -- values: lua_value.c ----------------------------------------------------------------------- */

/* Make the metatable of a type of userdata. It is the first upvalue of each function.
   [-0, +0, m] */
void make_type(lua_State *L, const char *name, const luaL_Reg *meta, const luaL_Reg *methods);
/* Make a table in the registry with weak values, unless it exists.  [-0, +0, m] */
void make_weak(lua_State *L, const char *name);
/* Push a new userdata with one user value. It starts closed, so that an error before the caller
   opens it leaks nothing.  [-0, +1, m] */
void **push_slot(lua_State *L, const char *type);
/* Return the object of an argument; raise an error when it is closed.  [-0, +0, e] */
void *check_open(lua_State *L, int arg, const char *type, const char *noun);
/* The next two are for functions of a type that make_type has made. To compare the upvalue with the
   metatable of the first argument takes 180 instructions, and luaL_checkudata 380. */
/* Return the userdata that is the first argument.  [-0, +0, e] */
void *check_self(lua_State *L, const char *type);
/* Return the object in that userdata; raise an error when it is closed.  [-0, +0, e] */
void *check_open_self(lua_State *L, const char *type, const char *noun);

/* Each push returns how many values it pushed, so that a function can return it. */

/* Push a text, or nil for NULL, and free the text.  [-0, +1, m] */
int push_owned(lua_State *L, char *text);
/* Push the text of a Buf, and wipe the Buf.  [-0, +1, m] */
int push_owned_buf(lua_State *L, Buf *buf);
/* Push the bytes of a Buf.  [-0, +1, m] */
int push_buf(lua_State *L, const Buf *buf);
/* Push nil and a reason.  [-0, +2, m] */
int push_reason(lua_State *L, const char *reason);

/* Set a text field of the table on top; skip NULL.  [-0, +0, m] */
void set_text(lua_State *L, const char *name, const char *text);
/* Set an integer field of the table on top.  [-0, +0, m] */
void set_integer(lua_State *L, const char *name, lua_Integer number);

/* -- errors: lua_error.c ----------------------------------------------------------------------- */

/* Push an Error as a table; azureml.error makes it an object.  [-0, +1, m] */
void push_error(lua_State *L, const Error *error);

/* The same, but what the error does not have stays absent.  [-0, +1, m] */
void push_error_fields(lua_State *L, const Error *error);
/* Push nil and an error, and clear the error. Return 2.  [-0, +2, m] */
int push_failure(lua_State *L, Error *error);

/* -- the loop: lua_loop.c ---------------------------------------------------------------------- */

/* Return the loop of this Lua state. Raise an error when it is closed or belongs to a parent
   process.  [-0, +0, e] */
Loop *loop_of(lua_State *L);
/* Tell whether the loop belongs to a parent process. A forked child must not close the parent's
   objects: that would end connections that the parent uses.  [-0, +0, m] */
int is_parents(lua_State *L);
/* Make the loop of this Lua state, unless it has a usable one.  [-0, +0, em] */
void make_loop(lua_State *L);

/* Let step() find the userdata of an Op or a Stream by its address.  [-0, +0, m] */
void remember(lua_State *L, int index, const void *object);

/* -- libraries: lua_library.c ------------------------------------------------------------------ */

typedef void (*Code)(void);      /* any function, by a cast */

typedef struct Library {
  const char *name;
  const char *version;
  Code function;      /* one of its functions, to find the file that it was loaded from */
} Library;

/* Push a list of libraries for Lua; the last one in C has no name.  [-0, +1, m] */
void push_libraries(lua_State *L, const Library *libraries);
/* Push the path of the file that a function was loaded from, or nil when it is built into the same
   file as the caller. Return 1.  [-0, +1, m] */
int push_file_of(lua_State *L, Code function);

/* -- files: lua_system.c ----------------------------------------------------------------------- */

/* Push the whole text of an open file of at most limit bytes and return 1. Return 0 and push
   nothing when that fails.  [-0, +1, m] */
int push_file(lua_State *L, int fd, size_t limit);

/* -- JSON: lua_json.c -------------------------------------------------------------------------- */

/* Write an argument as JSON; raise an error for a value that has no JSON form. The Buf is borrowed
   until the next call. An operation is written as its progress: the fields with which another
   process can continue to poll it.  [-0, +0, em] */
Buf *lua_json_text(lua_State *L, int arg);

/* -- documents: lua_scan.c --------------------------------------------------------------------- */

/* Scan an object. The argument at arg is a scanner. Push the document and return 1. Return 0 when
   the text is not an object that a scan takes.  [-0, +1, em] */
int lua_scan_push_object(lua_State *L, int arg, const char *text, size_t len);
/* Scan the page of a list. The arguments from arg on: a scanner, the name of the member with the
   items, the name of the member with the next page's URL. Push the documents and the URL, or nil,
   and return 2. Return 0 when the text is not a page that a scan takes.  [-0, +2, em] */
int lua_scan_push_page(lua_State *L, int arg, const char *text, size_t len);

/* -- questions: lua_credential.c --------------------------------------------------------------- */

/* Push the id, kind, payload and handler of a question and return 4. Return 0 and push nothing
   when the question is over.  [-0, +4, m] */
int lua_credential_push_question(lua_State *L, unsigned long id);

/* -- registering: each file adds its functions to the module's table on top  [-0, +0, m] ------- */

void lua_build_register(lua_State *L);           /* version, loop, libraries, ... */
void lua_core_register(lua_State *L);            /* client, sleep, step, ... */
void lua_stream_register(lua_State *L);          /* stream */
void lua_credential_register(lua_State *L);      /* credential, answer, is_asked, forget_tokens */
void lua_json_register(lua_State *L);            /* encode, decode, merge, array, is_array */
void lua_scan_register(lua_State *L);            /* scanner, document */
void lua_system_register(lua_State *L);          /* read_trusted, write_private, directory, ... */
void lua_terminal_register(lua_State *L);        /* terminal */
void lua_process_register(lua_State *L);         /* process, replace */
void lua_journal_register(lua_State *L);         /* journal, dead_journals */
void lua_state_file_register(lua_State *L);      /* state_file */
void lua_crypto_register(lua_State *L);          /* the table crypto */
void lua_digest_register(lua_State *L);          /* crypto.digest; after lua_crypto_register */
void lua_certificate_register(lua_State *L);     /* the table certificate */

#endif
