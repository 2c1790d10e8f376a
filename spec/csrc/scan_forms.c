/* scan_forms.c: compare the scanner of JSON texts with its form for processors without SSE2. It is
   the Lua module `scan_forms` for the specs, and a part of the fuzzer. */

#define SCAN_PORTABLE
#define scan_paths_add  portable_paths_add
#define scan_object     portable_object
#define scan_page       portable_page
#define scan_page_clear portable_page_clear
#define scan_member     portable_member
#define scan_is_text    portable_is_text
#define scan_decode     portable_decode
#include "../../csrc/scan.c"
#undef scan_object
#undef scan_page

#include <lauxlib.h>
#include <lua.h>

#include "scan_forms.h"

enum { COUNT = 5 };

int scan_object(const char *text, size_t len, const ScanPaths *paths, Span *found);
int scan_page(const char *text, size_t len, const char *items, const char *next,
              const ScanPaths *paths, ScanPage *page);
int luaopen_scan_forms(lua_State *L);

/* The paths of spec/fuzz/scan.lua. */
static void add_paths(ScanPaths *paths) {
  static const char *const all[COUNT][3] = {
    { "name" }, { "tags" }, { "p", "type" }, { "p", "p", "state" }, { "p", "p" }
  };
  for (size_t i = 0; i < COUNT; i++) {
    size_t count = 0;
    while (count < 3 && all[i][count]) count++;
    portable_paths_add(paths, all[i], count);
  }
}

static int are_same(const Span *a, const Span *b, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (a[i].text != b[i].text || a[i].len != b[i].len) return 0;
  return 1;
}

static int agree_on_object(const char *text, size_t len, const ScanPaths *paths) {
  Span found[COUNT], expected[COUNT];
  int is_one = scan_object(text, len, paths, found);
  if (is_one != portable_object(text, len, paths, expected)) return 0;
  return !is_one || are_same(found, expected, COUNT);
}

static int agree_on_page(const char *text, size_t len, const ScanPaths *paths) {
  ScanPage page = { 0 }, expected = { 0 };
  int is_page = scan_page(text, len, "value", "nextLink", paths, &page);
  int is_expected = portable_page(text, len, "value", "nextLink", paths, &expected);
  int agrees = is_page == is_expected && (!is_page
    || (page.count == expected.count && are_same(&page.next, &expected.next, 1)
        && are_same(page.spans, expected.spans, page.count * (1 + COUNT))));
  portable_page_clear(&page);
  portable_page_clear(&expected);
  return agrees;
}

int scan_forms_agree(const char *text, size_t len) {
  ScanPaths paths = { 0 };
  add_paths(&paths);
  return agree_on_object(text, len, &paths) && agree_on_page(text, len, &paths);
}

/* agree(text) -> whether both forms take the text, and find the same in it; or both refuse it */
static int l_agree(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_pushboolean(L, scan_forms_agree(text, len));
  return 1;
}

__attribute__((visibility("default"))) int luaopen_scan_forms(lua_State *L) {
  static const luaL_Reg functions[] = { { "agree", l_agree }, { NULL, NULL } };
  luaL_newlib(L, functions);
  return 1;
}
