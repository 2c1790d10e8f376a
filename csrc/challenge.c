/* challenge.c: what WWW-Authenticate demands: several fields, several challenges in a field,
   schemes and names without case, values quoted or not (RFC 9110, section 11.6.1). What to do about
   it is op.c's. Source: spec/contract/auth.md, section 11. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buf.h"
#include "challenge.h"
#include "text.h"

enum { MAX_CLAIMS = 16 * 1024 };

typedef struct Scanner {
  const char *at;
  char *scheme;          /* of the challenge we are in */
  char *name, *value;    /* the parameter that was read last */
} Scanner;

static void scanner_clear(Scanner *scanner) {
  free(scanner->scheme);
  free(scanner->name);
  free(scanner->value);
}

static int is_token(char c) { return c && !strchr(" \t,=\"", c); }

static void skip(Scanner *scanner, const char *set) { scanner->at += strspn(scanner->at, set); }

static char *take_token(Scanner *scanner) {
  const char *begin = scanner->at;
  while (is_token(*scanner->at)) scanner->at++;
  return text_format("%.*s", (int)(scanner->at - begin), begin);
}

static char *take_quoted(Scanner *scanner) {
  Buf text = { 0 };
  for (scanner->at++; *scanner->at && *scanner->at != '"'; scanner->at++) {
    if (*scanner->at == '\\' && scanner->at[1]) scanner->at++;
    buf_add(&text, scanner->at, 1);
  }
  if (*scanner->at) scanner->at++;
  return text.len || text.failed ? buf_take(&text) : text_copy("");
}

/* An unquoted value may end in the padding of base64, though the grammar has it for schemes alone. */
static char *take_value(Scanner *scanner) {
  skip(scanner, " \t");
  if (*scanner->at == '"') return take_quoted(scanner);
  const char *begin = scanner->at;
  scanner->at += strcspn(begin, " \t,");
  return text_format("%.*s", (int)(scanner->at - begin), begin);
}

static void set(char **slot, char *text) {
  free(*slot);
  *slot = text;
}

/* The next parameter, with the scheme it belongs to; 0: there is none. */
static int next(Scanner *scanner) {
  for (;;) {
    skip(scanner, " \t,");
    if (!*scanner->at) return 0;
    if (!is_token(*scanner->at)) {      /* nonsense: go on behind it */
      scanner->at++;
      continue;
    }
    char *word = take_token(scanner);
    skip(scanner, " \t");
    if (*scanner->at == '=') {
      scanner->at++;
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
  char **slot = text_equal(scanner->name, "error") ? &bearer->error : text_equal(scanner->name, "claims") ? &bearer->claims : NULL;
  if (slot && !*slot) *slot = text_copy(scanner->value);
}

static const char *next_field(const Headers *headers, const char *line) {
  static const char name[] = "www-authenticate:";
  do line = headers_next(headers, line);
  while (line && !text_starts(line, name));
  return line;
}

static const char *value_in(const char *line) { return strchr(line, ':') + 1; }

/* {"access_token": {"xms_cc": {"values": ["cp1"]}}}: we answer challenges; what was there already stays. */
static char *with_capability(json_t *claims) {
  json_t *access = json_object_get(claims, "access_token");
  if (!json_is_object(access)) json_object_set_new(claims, "access_token", access = json_object());
  json_object_set_new(access, "xms_cc", json_pack("{s[s]}", "values", "cp1"));
  return json_dumps(claims, JSON_COMPACT);
}

static char *decode(const char *text) {
  size_t len = 0;
  unsigned char *bytes = strlen(text) <= MAX_CLAIMS ? base64_decode(text, strlen(text), &len) : NULL;
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
    Scanner scanner = { .at = value_in(line) };
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
    Scanner scanner = { .at = value_in(line) };
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
