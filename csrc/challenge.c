/* challenge.c: read what WWW-Authenticate demands: several fields, several challenges in a field,
   schemes and names in any case, values with or without quotes (RFC 9110, section 11.6.1). op.c
   decides how to answer. Source: spec/contract/auth.md, section 11. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "challenge.h"
#include "text.h"

enum { MAX_CLAIMS = 16 * 1024 };

typedef struct Scanner {
  const char *cursor;
  char *scheme;          /* of the current challenge */
  char *name, *value;    /* the last parameter */
} Scanner;

static void scanner_clear(Scanner *scanner) {
  free(scanner->scheme);
  free(scanner->name);
  free(scanner->value);
}

static int is_token(char c) { return c && !strchr(" \t,=\"", c); }

static void skip(Scanner *scanner, const char *set) {
  scanner->cursor += strspn(scanner->cursor, set);
}

static char *take_token(Scanner *scanner) {
  const char *begin = scanner->cursor;
  while (is_token(*scanner->cursor)) scanner->cursor++;
  return text_format("%.*s", (int)(scanner->cursor - begin), begin);
}

static char *take_quoted(Scanner *scanner) {
  Buf text = { 0 };
  for (scanner->cursor++; *scanner->cursor && *scanner->cursor != '"'; scanner->cursor++) {
    if (*scanner->cursor == '\\' && scanner->cursor[1]) scanner->cursor++;
    buf_add(&text, scanner->cursor, 1);
  }
  if (*scanner->cursor) scanner->cursor++;
  return text.len || text.failed ? buf_take(&text) : text_copy("");
}

/* Read a value. Accept the padding of base64 at the end of an unquoted value, although the grammar
   allows it only after a scheme. */
static char *take_value(Scanner *scanner) {
  skip(scanner, " \t");
  if (*scanner->cursor == '"') return take_quoted(scanner);
  const char *begin = scanner->cursor;
  scanner->cursor += strcspn(begin, " \t,");
  return text_format("%.*s", (int)(scanner->cursor - begin), begin);
}

static void set(char **slot, char *text) {
  free(*slot);
  *slot = text;
}

/* Read the next parameter and its scheme. 0 at the end of the field. */
static int next(Scanner *scanner) {
  for (;;) {
    skip(scanner, " \t,");
    if (!*scanner->cursor) return 0;
    if (!is_token(*scanner->cursor)) {      /* skip a character that is no part of a challenge */
      scanner->cursor++;
      continue;
    }
    char *word = take_token(scanner);
    skip(scanner, " \t");
    if (*scanner->cursor == '=') {
      scanner->cursor++;
      set(&scanner->name, word);
      set(&scanner->value, take_value(scanner));
      return 1;
    }
    set(&scanner->scheme, word);
  }
}

typedef struct Bearer {
  char *error, *claims;
} Bearer;

static void bearer_clear(Bearer *bearer) {
  free(bearer->error);
  free(bearer->claims);
}

static void note(Bearer *bearer, const Scanner *scanner) {
  if (!text_equal(scanner->scheme, "Bearer")) return;
  char **slot = text_equal(scanner->name, "error") ? &bearer->error
              : text_equal(scanner->name, "claims") ? &bearer->claims
              : NULL;
  if (slot && !*slot) *slot = text_copy(scanner->value);
}

static const char *next_field(const Headers *headers, const char *line) {
  static const char name[] = "www-authenticate:";
  do line = headers_next(headers, line);
  while (line && !text_starts(line, name));
  return line;
}

static const char *value_in(const char *line) { return strchr(line, ':') + 1; }

/* Add the capability to answer challenges, {"access_token": {"xms_cc": {"values": ["cp1"]}}}, and
   return the claims as text. */
static char *with_capability(json_t *claims) {
  json_t *access = json_object_get(claims, "access_token");
  if (!json_is_object(access)) {
    access = json_object();
    json_object_set_new(claims, "access_token", access);
  }
  json_object_set_new(access, "xms_cc", json_pack("{s[s]}", "values", "cp1"));
  return json_dumps(claims, JSON_COMPACT);
}

static char *decode(const char *text) {
  size_t len = 0;
  size_t text_len = strlen(text);
  unsigned char *bytes = text_len <= MAX_CLAIMS ? base64_decode(text, text_len, &len) : NULL;
  json_t *claims = bytes ? json_loadb((char *)bytes, len, 0, NULL) : NULL;
  char *merged = json_is_object(claims) ? with_capability(claims) : NULL;
  free(bytes);
  json_decref(claims);
  return merged;
}

ChallengeKind challenge_read(const Headers *headers, char **claims) {
  Bearer bearer = { 0 };
  *claims = NULL;
  for (const char *line = next_field(headers, NULL); line; line = next_field(headers, line)) {
    Scanner scanner = { .cursor = value_in(line) };
    while (next(&scanner)) note(&bearer, &scanner);
    scanner_clear(&scanner);
  }
  int demands = text_equal(bearer.error, "insufficient_claims");
  if (demands && bearer.claims) *claims = decode(bearer.claims);
  bearer_clear(&bearer);
  return *claims ? CHALLENGE_CLAIMS : demands ? CHALLENGE_UNREADABLE : CHALLENGE_TOKEN;
}

char *challenge_parameter(const Headers *headers, const char *scheme, const char *name) {
  for (const char *line = next_field(headers, NULL); line; line = next_field(headers, line)) {
    Scanner scanner = { .cursor = value_in(line) };
    while (next(&scanner)) {
      if (!text_equal(scanner.scheme, scheme) || !text_equal(scanner.name, name)) continue;
      char *value = text_copy(scanner.value);
      scanner_clear(&scanner);
      return value;
    }
    scanner_clear(&scanner);
  }
  return NULL;
}
