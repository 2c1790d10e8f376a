/* lua_reader.c: the border: JSON read as Lua values, in one pass over the text. A list of 10,000 instances is 22 MB of it, and reading
   them most of its cost: a table is made when its size is known, a text is taken from where it stands. What is no JSON is refused:
   RFC 8259, in UTF-8, as jansson has it. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "lua_core.h"
#include "text.h"

enum {
  MAX_DEPTH = 200,
  GATHERED = 128,        /* values that wait on Lua's stack for their table */
  MAX_NUMBER = 64        /* characters */
};

typedef struct Reader {
  lua_State  *L;
  const char *at, *end;  /* *end is NUL */
  const char *fault;     /* what is wrong at that place */
} Reader;

static int read_value(Reader *r, int depth);

static int refuse(Reader *r, const char *fault) {
  r->fault = fault;
  return 0;
}

static void skip_blanks(Reader *r) {
  while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t') r->at++;
}

/* Whether this is next; takes it. */
static int take(Reader *r, char c) {
  skip_blanks(r);
  if (*r->at != c) return 0;
  r->at++;
  return 1;
}

/* -- texts -------------------------------------------------------------------------------------------------------------- */

/* Whether all eight bytes are printable ASCII but quote and backslash. No may be wrong: a borrow runs into the next byte. */
static int are_plain(const char *eight) {
  static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
  uint64_t bytes;
  memcpy(&bytes, eight, sizeof bytes);
  uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
  return (((bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones) | bytes) & high) == 0;
}

/* Over what needs no look: to a quote, a backslash, or what may not stand in a text. */
static int skip_plain(Reader *r) {
  for (;;) {
    while (r->end - r->at >= 8 && are_plain(r->at)) r->at += 8;
    unsigned char c = (unsigned char)*r->at;
    if (c == '"' || c == '\\') return 1;
    if (c < 0x20) return refuse(r, c == 0 && r->at == r->end ? "a text without end" : "a control character in a text");
    size_t len = c < 0x80 ? 1 : text_character(r->at, (size_t)(r->end - r->at));
    if (len == 0) return refuse(r, "a text that is not UTF-8");
    r->at += len;
  }
}

/* Four hexadecimal digits; -1: they are none. */
static long read_unit(Reader *r) {
  long unit = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *digit = *r->at ? strchr(digits, *r->at) : NULL;
    if (!digit) return -1;
    long value = digit - digits;
    unit = unit * 16 + (value < 16 ? value : value - 6);
  }
  return unit;
}

static void add_utf8(luaL_Buffer *text, unsigned long code) {
  if (code < 0x80) {
    luaL_addchar(text, (char)code);
    return;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char first[] = { 0, 0xC0, 0xE0, 0xF0 };
  luaL_addchar(text, (char)(first[more] | code >> 6 * more));
  while (more-- > 0) luaL_addchar(text, (char)(0x80 | (code >> 6 * more & 0x3F)));
}

/* After "\u". */
static int read_code(Reader *r, luaL_Buffer *text) {
  static const char fault[] = "a \\u that is no character";
  long code = read_unit(r);
  if (code < 0 || (code >= 0xDC00 && code <= 0xDFFF)) return refuse(r, fault);
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (r->at[0] != '\\' || r->at[1] != 'u') return refuse(r, fault);
    r->at += 2;
    long low = read_unit(r);
    if (low < 0xDC00 || low > 0xDFFF) return refuse(r, fault);
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  add_utf8(text, (unsigned long)code);
  return 1;
}

static int read_escape(Reader *r, luaL_Buffer *text) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  char c = *++r->at;
  const char *letter = c ? strchr(letters, c) : NULL;
  if (!letter && c != 'u') return refuse(r, "a \\ with no meaning");
  r->at++;
  if (!letter) return read_code(r, text);
  luaL_addchar(text, meant[letter - letters]);
  return 1;
}

/* From the first backslash on, in a text that began before it. */
static int read_escaped(Reader *r, const char *begin) {
  luaL_Buffer text;
  luaL_buffinit(r->L, &text);
  for (;;) {
    luaL_addlstring(&text, begin, (size_t)(r->at - begin));
    if (*r->at == '"') break;
    if (!read_escape(r, &text)) return 0;
    begin = r->at;
    if (!skip_plain(r)) return 0;
  }
  r->at++;
  luaL_pushresult(&text);
  return 1;
}

/* After the quote.  [-0, +1, m] */
static int read_text(Reader *r) {
  const char *begin = r->at;
  if (!skip_plain(r)) return 0;
  if (*r->at == '\\') return read_escaped(r, begin);
  lua_pushlstring(r->L, begin, (size_t)(r->at - begin));
  r->at++;
  return 1;
}

/* -- numbers ------------------------------------------------------------------------------------------------------------ */

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Over one or more digits; 0: there is none. */
static int skip_digits(Reader *r) {
  const char *begin = r->at;
  while (is_digit(*r->at)) r->at++;
  return r->at > begin;
}

/* By the grammar; what Lua would take beyond it is none. */
static int skip_number(Reader *r) {
  if (*r->at == '-') r->at++;
  if (*r->at == '0') r->at++;
  else if (!skip_digits(r)) return 0;
  if (*r->at == '.') {
    r->at++;
    if (!skip_digits(r)) return 0;
  }
  if (*r->at == 'e' || *r->at == 'E') {
    r->at++;
    if (*r->at == '+' || *r->at == '-') r->at++;
    if (!skip_digits(r)) return 0;
  }
  return 1;
}

/* An integer where it is written as one, and fits. */
static int read_number(Reader *r) {
  char text[MAX_NUMBER];
  const char *begin = r->at;
  if (!skip_number(r)) return refuse(r, "no value");
  size_t len = (size_t)(r->at - begin);
  if (len >= sizeof text) return refuse(r, "a number of too many digits");
  memcpy(text, begin, len);
  text[len] = '\0';
  if (lua_stringtonumber(r->L, text) == 0 || !isfinite(lua_tonumber(r->L, -1))) return refuse(r, "a number that is too large");
  return 1;
}

/* -- objects and arrays ------------------------------------------------------------------------------------------------- */

static int table_at(lua_State *L, int slot, int elements, int members) {
  if (lua_type(L, slot) == LUA_TTABLE) return 0;
  lua_createtable(L, elements, members);
  lua_replace(L, slot);
  return 1;
}

/* What lies above slot goes into its table, which is made now if it is the first.  [-n, +0, m] */
static void put_members(lua_State *L, int slot) {
  int top = lua_gettop(L);
  table_at(L, slot, 0, (top - slot) / 2);
  for (int i = slot + 1; i < top; i += 2) {      /* in order: of a name that comes twice the last one counts */
    lua_pushvalue(L, i);
    lua_pushvalue(L, i + 1);
    lua_rawset(L, slot);
  }
  lua_settop(L, slot);
}

static lua_Integer put_elements(lua_State *L, int slot, lua_Integer count) {
  int top = lua_gettop(L);
  table_at(L, slot, top - slot, 0);
  for (int i = slot + 1; i <= top; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, slot, ++count);
  }
  lua_settop(L, slot);
  return count;
}

static int read_member(Reader *r, int depth) {
  if (!take(r, '"')) return refuse(r, "no name in quotes where one should be");
  if (!read_text(r)) return 0;
  if (!take(r, ':')) return refuse(r, "no ':' after a name");
  return read_value(r, depth);
}

static int read_object(Reader *r, int depth) {
  int slot = lua_gettop(r->L) + 1;
  lua_pushnil(r->L);
  if (take(r, '}')) return table_at(r->L, slot, 0, 0);
  do {
    if (lua_gettop(r->L) - slot >= GATHERED) put_members(r->L, slot);
    if (!read_member(r, depth)) return 0;
  } while (take(r, ','));
  if (!take(r, '}')) return refuse(r, "no ',' or '}' in an object");
  put_members(r->L, slot);
  return 1;
}

static int read_array(Reader *r, int depth) {
  int slot = lua_gettop(r->L) + 1;
  lua_Integer count = 0;
  lua_pushnil(r->L);
  if (take(r, ']')) return table_at(r->L, slot, 0, 0);
  do {
    if (lua_gettop(r->L) - slot >= GATHERED) count = put_elements(r->L, slot, count);
    if (!read_value(r, depth)) return 0;
  } while (take(r, ','));
  if (!take(r, ']')) return refuse(r, "no ',' or ']' in an array");
  put_elements(r->L, slot, count);
  return 1;
}

/* -- values ------------------------------------------------------------------------------------------------------------- */

static int read_word(Reader *r, const char *word) {
  size_t len = strlen(word);
  if (strncmp(r->at, word, len) != 0) return refuse(r, "no value");
  r->at += len;
  return 1;
}

/* [-0, +1, m] if it gives 1; else anything, and fault says why */
static int read_value(Reader *r, int depth) {
  lua_State *L = r->L;
  if (depth > MAX_DEPTH || !lua_checkstack(L, 8)) return refuse(r, "nested too deeply");
  skip_blanks(r);
  switch (*r->at) {
    case '{': r->at++; return read_object(r, depth + 1);
    case '[': r->at++; return read_array(r, depth + 1);
    case '"': r->at++; return read_text(r);
    case 't': lua_pushboolean(L, 1); return read_word(r, "true");
    case 'f': lua_pushboolean(L, 0); return read_word(r, "false");
    case 'n': lua_pushlightuserdata(L, NULL); return read_word(r, "null");      /* json.null */
    default: return read_number(r);
  }
}

/* read(text) -> the value | nil, what is wrong with it. Integers are integers; an empty array and an empty object are both {}. */
static int l_read(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  Reader r = { .L = L, .at = text, .end = text + len };
  int whole = read_value(&r, 0);
  if (whole) skip_blanks(&r);
  if (whole && r.at == r.end) return 1;
  if (whole) r.fault = "more than one value";
  lua_settop(L, 1);
  lua_pushnil(L);
  lua_pushfstring(L, "%s at byte %d", r.fault, (int)(r.at - text) + 1);
  return 2;
}

void lua_reader_register(lua_State *L) {
  static const luaL_Reg functions[] = { { "read", l_read }, { NULL, NULL } };
  luaL_setfuncs(L, functions, 0);
}
