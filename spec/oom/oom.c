/* oom.c: make one allocation fail. Preloaded into a program, this library stands before malloc,
   calloc, realloc and strdup of everything in it: Lua, the core, libcurl, OpenSSL, jansson. It is
   the Lua module `oom` as well, by which the program says from where allocations count. */

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <lauxlib.h>
#include <lua.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VISIBLE __attribute__((visibility("default")))

enum { MAX_FRAMES = 32 };

/* What dlsym itself allocates while it looks for the allocator behind this one. */
static char early[8192] __attribute__((aligned(16)));
static size_t early_used;

static struct {
  void *(*malloc)(size_t size);
  void *(*calloc)(size_t count, size_t size);
  void *(*realloc)(void *old, size_t size);
  void  (*free)(void *memory);
  int is_looking;
} next;

static atomic_int  is_armed;      /* allocations count */
static atomic_long counted;       /* allocations since it was armed */
static long first, last;          /* those that fail, counted from 1; 0: none */
static int  traces;               /* print the stack of an allocation that fails */

/* -- the allocator behind ---------------------------------------------------------------------- */

/* The only way to make a function pointer from a data pointer without a warning. */
static void look_up(void *slot, const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) _exit(125);
  memcpy(slot, &found, sizeof found);
}

static int is_ready(void) {
  if (next.free) return 1;
  if (next.is_looking) return 0;
  next.is_looking = 1;
  look_up(&next.malloc, "malloc");
  look_up(&next.calloc, "calloc");
  look_up(&next.realloc, "realloc");
  look_up(&next.free, "free");
  return 1;
}

static int is_early(const void *memory) {
  return (uintptr_t)memory - (uintptr_t)early < sizeof early;
}

static void *allocate_early(size_t size) {
  size_t begin = early_used;
  size = (size + 15) & ~(size_t)15;
  if (size > sizeof early - begin) _exit(125);
  early_used += size;
  return early + begin;
}

/* -- counting ---------------------------------------------------------------------------------- */

static void show_stack(void) {
  void *frames[MAX_FRAMES];
  atomic_store(&is_armed, 0);
  backtrace_symbols_fd(frames, backtrace(frames, MAX_FRAMES), STDERR_FILENO);
  atomic_store(&is_armed, 1);
}

/* Count an allocation. Return 1 when it must fail. */
static int must_fail(void) {
  if (!atomic_load(&is_armed)) return 0;
  long number = atomic_fetch_add(&counted, 1) + 1;
  if (number < first || number > last) return 0;
  if (traces) show_stack();
  errno = ENOMEM;
  return 1;
}

VISIBLE void *malloc(size_t size) {
  if (!is_ready()) return allocate_early(size);
  return must_fail() ? NULL : next.malloc(size);
}

VISIBLE void *calloc(size_t count, size_t size) {
  if (!is_ready()) return allocate_early(count * size);      /* early memory is zero */
  return must_fail() ? NULL : next.calloc(count, size);
}

VISIBLE void *realloc(void *old, size_t size) {
  if (!is_ready() || is_early(old)) return NULL;
  return must_fail() ? NULL : next.realloc(old, size);
}

VISIBLE void free(void *memory) {
  if (is_ready() && !is_early(memory)) next.free(memory);
}

/* A sanitizer's own strdup and strndup do not call malloc. */
VISIBLE char *strndup(const char *text, size_t max) {
  size_t len = strnlen(text, max);
  char *copy = malloc(len + 1);
  if (!copy) return NULL;
  copy[len] = '\0';
  return memcpy(copy, text, len);
}

VISIBLE char *strdup(const char *text) { return strndup(text, strlen(text)); }

/* -- the module -------------------------------------------------------------------------------- */

/* fail(number, many): count allocations from here; let the number-th fail, and those after it until
   `many` have failed. 0 fails none. OpenSSL gets ready before, also in the executable's thread,
   because it crashes when an allocation of its own initialisation fails. */
static int l_fail(lua_State *L) {
  RAND_status();
  first = (long)luaL_checkinteger(L, 1);
  last = first ? first + (long)luaL_optinteger(L, 2, 1) - 1 : 0;
  traces = getenv("OOM_TRACE") != NULL;
  atomic_store(&counted, 0);
  atomic_store(&is_armed, 1);
  return 0;
}

/* stop() -> how many allocations were counted */
static int l_stop(lua_State *L) {
  atomic_store(&is_armed, 0);
  lua_pushinteger(L, (lua_Integer)atomic_load(&counted));
  return 1;
}

static const luaL_Reg functions[] = { { "fail", l_fail }, { "stop", l_stop }, { NULL, NULL } };

VISIBLE int luaopen_oom(lua_State *L);

int luaopen_oom(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
