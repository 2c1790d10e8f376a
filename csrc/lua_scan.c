/* lua_scan.c: read some members of a JSON text for azureml.tool.document, which decodes the text
   when another member is needed. */

#include <string.h>

#include "lua_core.h"
#include "scan.h"
#include "text.h"

#define SCANNER  "azureml.scanner"
#define PAGE     "azureml.scanned"
#define DOCUMENT "azureml.document"

enum { MAX_NAMES = 1024 };      /* bytes */

typedef struct Scanner {
  ScanPaths paths;
  char      names[MAX_NAMES];   /* the paths' texts, split into names */
} Scanner;

/* A JSON text and its members, in one piece. To copy the text keeps a page of 100 instances from
   living as long as one of them; what is not looked at costs no string. User value 1: the decoded
   text. */
typedef struct Document {
  int    is_decoded;            /* a script may change what was decoded: the spans are void */
  Span   text;                  /* text.text is NULL: it was made of a decoded value */
  size_t count;
  Span   members[];             /* in the order of the scanner's paths; then the text */
} Document;

/* -- scanners ---------------------------------------------------------------------------------- */

/* Add a path such as "properties.state". Split its text. */
static int add_path(ScanPaths *paths, char *text) {
  const char *names[SCAN_NAMES];
  char *rest = NULL;
  size_t count = 0;
  for (char *name = strtok_r(text, ".", &rest); name; name = strtok_r(NULL, ".", &rest)) {
    if (count == SCAN_NAMES || strlen(name) > SCAN_LONGEST_NAME) return 0;
    names[count++] = name;
  }
  if (count > 0) scan_paths_add(paths, names, count);
  return count > 0;
}

/* scanner(paths) -> a scanner that finds members such as "properties.state" */
static int l_scanner(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer count = luaL_len(L, 1);
  luaL_argcheck(L, count > 0 && count <= SCAN_PATHS, 1, "1 to 16 paths expected");
  Scanner *scanner = memset(lua_newuserdatauv(L, sizeof *scanner, 0), 0, sizeof *scanner);
  luaL_setmetatable(L, SCANNER);
  char *free_place = scanner->names, *end = scanner->names + MAX_NAMES;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, 1, i);
    size_t len;
    const char *path = luaL_checklstring(L, -1, &len);
    int fits = len < (size_t)(end - free_place);
    if (fits) memcpy(free_place, path, len + 1);
    luaL_argcheck(L, fits && add_path(&scanner->paths, free_place), 1, "short paths expected");
    free_place += len + 1;
    lua_pop(L, 1);
  }
  return 1;
}

/* -- documents --------------------------------------------------------------------------------- */

/* Push a text decoded.  [-0, +1, m] */
static void push_text(lua_State *L, Span span) {
  if (!memchr(span.text, '\\', span.len)) {
    lua_pushlstring(L, span.text + 1, span.len - 2);
    return;
  }
  luaL_Buffer buffer;
  char *out = luaL_buffinitsize(L, &buffer, span.len);
  luaL_pushresultsize(&buffer, scan_decode(span, out));
}

/* Push an object that holds nothing but texts; nil for another one.  [-0, +1, m] */
static void push_texts(lua_State *L, Span object) {
  const char *place = NULL;
  Span name, value;
  lua_newtable(L);
  while (scan_member(object, &place, &name, &value)) {
    if (!scan_is_text(value)) {
      lua_pop(L, 1);
      lua_pushnil(L);
      return;
    }
    push_text(L, name);
    push_text(L, value);
    lua_rawset(L, -3);
  }
}

/* Push a member: false if it is absent or null; nil if it must be decoded.  [-0, +1, m] */
static void push_member(lua_State *L, Span span) {
  if (!span.text || *span.text == 'n') lua_pushboolean(L, 0);
  else if (*span.text == '"') push_text(L, span);
  else if (*span.text == '{') push_texts(L, span);
  else lua_pushnil(L);
}

/* Return a part of a text as the same part of a copy. */
static Span part_of(Span copy, Span text, Span part) {
  if (!part.text) return part;
  return (Span){ copy.text + (part.text - text.text), part.len };
}

/* Push an empty document with room for members and a text. The documents' metatable lies at an
   index of the stack.  [-0, +1, m] */
static Document *push_empty(lua_State *L, int metatable, size_t count, size_t len) {
  size_t size = sizeof(Document) + count * sizeof(Span);
  Document *document = lua_newuserdatauv(L, size + len + 1, 1);
  *document = (Document){ .count = count };
  lua_pushvalue(L, metatable);
  lua_setmetatable(L, -2);
  return document;
}

/* Push a document of a text and members that a scan has found.  [-0, +1, m] */
static void push_document(lua_State *L, int metatable, Span text, const Span *found,
                          size_t count) {
  Document *document = push_empty(L, metatable, count, text.len);
  char *copy = (char *)(document->members + count);
  memcpy(copy, text.text, text.len);
  copy[text.len] = '\0';
  document->text = (Span){ copy, text.len };
  for (size_t i = 0; i < count; i++)
    document->members[i] = part_of(document->text, text, found[i]);
}

static Document *check_document(lua_State *L) { return check_self(L, DOCUMENT); }

/* document.of(value) -> a document of a decoded value */
static int l_of(lua_State *L) {
  luaL_checkany(L, 1);
  push_empty(L, lua_upvalueindex(1), 0, 0)->is_decoded = 1;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* Return the member whose place is an argument.  [-0, +0, e] */
static Span check_member(lua_State *L, const Document *document, int arg) {
  size_t place = (size_t)luaL_checkinteger(L, arg) - 1;
  luaL_argcheck(L, place < document->count, arg, "no such member");
  return document->members[place];
}

/* document.member(document, place) -> a text | a table of texts | false: it is absent or null |
   nothing: it must be decoded, or was */
static int l_member(lua_State *L) {
  const Document *document = check_document(L);
  if (document->is_decoded) return 0;
  push_member(L, check_member(L, document, 2));
  return 1;
}

/* document.texts(document, place, ...) -> for each place a text | nil: the member is no text |
   nothing: they were decoded */
static int l_texts(lua_State *L) {
  const Document *document = check_document(L);
  int top = lua_gettop(L);
  if (document->is_decoded) return 0;
  luaL_checkstack(L, top, NULL);
  for (int arg = 2; arg <= top; arg++) {
    Span member = check_member(L, document, arg);
    if (scan_is_text(member)) push_text(L, member);
    else lua_pushnil(L);
  }
  return top - 1;
}

/* document.says(document, place, text) -> whether the member is a text, written as another one |
   nothing: it was decoded. It makes no string, which takes 500 instructions less. */
static int l_says(lua_State *L) {
  size_t len;
  const Document *document = check_document(L);
  const char *text = luaL_checklstring(L, 3, &len);
  if (document->is_decoded) return 0;
  Span member = check_member(L, document, 2);
  lua_pushboolean(L, scan_is_text(member) && member.len == len + 2
    && memcmp(member.text + 1, text, len) == 0);
  return 1;
}

/* document.text(document) -> the JSON text | nil: it was made of a decoded value */
static int l_text(lua_State *L) {
  const Document *document = check_document(L);
  lua_pushlstring(L, document->text.text, document->text.len);
  return document->text.text != NULL;
}

/* document.raw(document) -> the decoded value | nil: it was not decoded */
static int l_raw(lua_State *L) {
  check_document(L);
  lua_getiuservalue(L, 1, 1);
  return 1;
}

/* document.keep(document, value): give it its decoded value */
static int l_keep(lua_State *L) {
  Document *document = check_document(L);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, 1);
  document->is_decoded = 1;
  return 0;
}

int lua_scan_push_object(lua_State *L, int arg, const char *text, size_t len) {
  const Scanner *scanner = luaL_checkudata(L, arg, SCANNER);
  Span found[SCAN_PATHS];
  text = text_after_mark(text, &len);
  if (!scan_object(text, len, &scanner->paths, found)) return 0;
  luaL_getmetatable(L, DOCUMENT);
  push_document(L, lua_gettop(L), (Span){ text, len }, found, scanner->paths.count);
  return 1;
}

/* scanner:object(text) -> document | nothing: the text is not an object that a scan takes */
static int l_object(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  return lua_scan_push_object(L, 1, text, len);
}

static int l_page_clear(lua_State *L) {
  scan_page_clear(luaL_checkudata(L, 1, PAGE));
  return 0;
}

/* Push an empty page, which is cleared when an error is raised as well.  [-0, +1, m] */
static ScanPage *push_page(lua_State *L) {
  ScanPage *page = memset(lua_newuserdatauv(L, sizeof *page, 0), 0, sizeof *page);
  luaL_setmetatable(L, PAGE);
  return page;
}

int lua_scan_push_page(lua_State *L, int arg, const char *text, size_t len) {
  const Scanner *scanner = luaL_checkudata(L, arg, SCANNER);
  const char *items = luaL_checkstring(L, arg + 1), *next = luaL_checkstring(L, arg + 2);
  ScanPage *page = push_page(L);
  size_t width = 1 + scanner->paths.count;
  text = text_after_mark(text, &len);
  if (!scan_page(text, len, items, next, &scanner->paths, page)) return 0;
  luaL_getmetatable(L, DOCUMENT);
  int metatable = lua_gettop(L);
  lua_createtable(L, (int)page->count, 0);
  for (size_t i = 0; i < page->count; i++) {
    const Span *item = page->spans + i * width;
    push_document(L, metatable, item[0], item + 1, scanner->paths.count);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  if (scan_is_text(page->next)) push_text(L, page->next);
  else lua_pushnil(L);
  scan_page_clear(page);
  return 2;
}

/* scanner:page(items, next, text) -> documents, the next page's URL or nil | nothing: the text is
   not a page that a scan takes */
static int l_page(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 4, &len);
  return lua_scan_push_page(L, 1, text, len);
}

/* -- registering ------------------------------------------------------------------------------- */

static const luaL_Reg scanner_methods[] = {
  { "object", l_object },
  { "page",   l_page },
  { NULL, NULL }
};

static const luaL_Reg document_functions[] = {
  { "of",     l_of },
  { "member", l_member },
  { "texts",  l_texts },
  { "says",   l_says },
  { "text",   l_text },
  { "raw",    l_raw },
  { "keep",   l_keep },
  { NULL, NULL }
};

static const luaL_Reg none[] = { { NULL, NULL } };
static const luaL_Reg page_meta[] = { { "__gc", l_page_clear }, { NULL, NULL } };

static const luaL_Reg functions[] = { { "scanner", l_scanner }, { NULL, NULL } };

void lua_scan_register(lua_State *L) {
  make_type(L, SCANNER, none, scanner_methods);
  make_type(L, DOCUMENT, none, none);
  make_type(L, PAGE, page_meta, none);
  luaL_setfuncs(L, functions, 0);
  luaL_newlibtable(L, document_functions);
  luaL_getmetatable(L, DOCUMENT);
  luaL_setfuncs(L, document_functions, 1);
  lua_setfield(L, -2, "document");
}
