/* mask.c: (pure) hide secrets in texts from outside. A secret is found as it is, percent-encoded,
   escaped as in JSON or HTML, and cut off at the end of a text. */

#include <stdlib.h>
#include <string.h>

#include "mask.h"
#include "text.h"

static const char STARS[] = "***";
static const char TOKEN_BYTES[] =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=%";
static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

enum {
  SHORTEST = 4,           /* bytes of a secret that is not all letters */
  SHORTEST_WORD = 8,      /* bytes of a secret that could be a word */
  LEAST_END = 6,          /* bytes of a secret that is cut off at the end of a text */
  LEAST_PART = 24,        /* bytes of a secret of which the rest is missing or changed */
  LEAST_BEARER = 20       /* bytes of an unknown bearer token */
};

/* -- secrets ----------------------------------------------------------------------------------- */

void secrets_add(Secrets *secrets, const char *text, size_t len) {
  if (!text || len < SHORTEST || secrets->count == MAX_SECRETS) return;
  char *copy = strndup(text, len);
  int is_word = copy && strspn(copy, LETTERS) == len;
  if (copy && (!is_word || len >= SHORTEST_WORD)) secrets->texts[secrets->count++] = copy;
  else text_wipe(copy);
  secrets->failed |= copy == NULL;
}

void secrets_clear(Secrets *secrets) {
  for (size_t i = 0; i < secrets->count; i++) text_wipe(secrets->texts[i]);
  secrets->count = 0;
}

static int hex_value(char digit) {
  const char *digits = "0123456789abcdef", *found;
  char lower = digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : digit;
  return lower && (found = strchr(digits, lower)) ? (int)(found - digits) : -1;
}

static int hex_byte(const char *digits) {
  int high = hex_value(digits[0]), low = high < 0 ? -1 : hex_value(digits[1]);
  return low < 0 ? -1 : high * 16 + low;
}

/* Add a percent-encoded secret. */
static void add_encoded(Secrets *secrets, const char *text, size_t len) {
  char *plain = malloc(len + 1);
  size_t end = 0;
  secrets->failed |= plain == NULL;
  if (!plain) return;
  for (size_t i = 0; i < len; i++) {
    int byte = text[i] == '%' && i + 2 < len ? hex_byte(text + i + 1) : -1;
    plain[end++] = (char)(byte >= 0 ? byte : text[i]);
    if (byte >= 0) i += 2;
  }
  plain[end] = '\0';
  secrets_add(secrets, plain, strlen(plain));
  text_wipe(plain);
}

static int has_secret_name(const char *line, size_t len) {
  static const char *const parts[] = {
    "authorization", "secret", "identity-header", "cookie", "token", "password", "key", NULL
  };
  char *name = strndup(line, len);
  int is_secret = 0;
  for (size_t i = 0; name && parts[i]; i++) is_secret |= strcasestr(name, parts[i]) != NULL;
  free(name);
  return is_secret;
}

void secrets_add_headers(Secrets *secrets, const char *const *lines) {
  for (; lines && *lines; lines++) {
    size_t name = strcspn(*lines, ":");
    if (!(*lines)[name] || !has_secret_name(*lines, name)) continue;
    const char *value = *lines + name + 1;
    value += strspn(value, " ");
    const char *credentials = strchr(value, ' ');      /* after "Bearer" or "Basic" */
    if (credentials) value = credentials + 1;
    secrets_add(secrets, value, strlen(value));
  }
}

void secrets_add_form(Secrets *secrets, const char *form, size_t len) {
  static const char *const names[] = {
    "client_secret=", "client_assertion=", "refresh_token=", "code=", "code_verifier=",
    "device_code=", "password=", "assertion=", NULL
  };
  const char *end = form ? form + len : NULL;
  while (form && form < end) {
    const char *stop = memchr(form, '&', (size_t)(end - form));
    if (!stop) stop = end;
    for (size_t i = 0; names[i]; i++) {
      size_t name = strlen(names[i]);
      if ((size_t)(stop - form) > name && memcmp(form, names[i], name) == 0)
        add_encoded(secrets, form + name, (size_t)(stop - form) - name);
    }
    form = stop < end ? stop + 1 : end;
  }
}

void secrets_add_url(Secrets *secrets, const char *url) {
  const char *at = url ? strrchr(url, '@') : NULL, *begin = url ? strstr(url, "://") : NULL;
  if (!at) return;
  begin = begin && begin < at ? begin + 3 : url;
  const char *colon = memchr(begin, ':', (size_t)(at - begin));
  secrets_add(secrets, begin, (size_t)(at - begin));
  if (colon) add_encoded(secrets, colon + 1, (size_t)(at - colon) - 1);
}

/* -- finding them ------------------------------------------------------------------------------ */

/* Return the length of "&amp;", "&#43;" or "&#x2B;" if it stands for a byte; else 0. */
static size_t entity_len(const char *text, char byte) {
  static const struct { const char *name; char byte; } names[] = {
    { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].byte == byte && text_starts(text, names[i].name)) return strlen(names[i].name);
  if (!text_starts(text, "&#")) return 0;
  int base = text[2] == 'x' || text[2] == 'X' ? 16 : 10;
  const char *digits = text + (base == 16 ? 3 : 2);
  char *end = NULL;
  unsigned long number = hex_value(*digits) < 0 ? 0 : strtoul(digits, &end, base);
  return number == (unsigned char)byte && *end == ';' ? (size_t)(end - text) + 1 : 0;
}

/* Return the length of what stands for a byte at the beginning of a text; 0: it is another byte.
   JSON within JSON has several backslashes. */
static size_t unit_len(const char *text, char byte) {
  size_t slashes = strspn(text, "\\");
  if (slashes && byte != '\\') {
    const char *rest = text + slashes;
    int code = *rest == 'u' && rest[1] == '0' && rest[2] == '0' ? hex_byte(rest + 3) : -1;
    if (code == (unsigned char)byte) return slashes + 5;
    return *rest == byte && strchr("/\"", byte) ? slashes + 1 : 0;
  }
  if (slashes) return slashes > 1 ? 2 : 1;
  if (*text == byte) return *text == '&' && entity_len(text, byte) ? entity_len(text, byte) : 1;
  if (*text == '%') return hex_byte(text + 1) == (unsigned char)byte ? 3 : 0;
  if (*text == '+') return byte == ' ';
  return *text == '&' ? entity_len(text, byte) : 0;
}

/* Return the length of a secret at the beginning of a text; 0: it is not there. */
static size_t secret_len(const char *text, const char *secret) {
  const char *place = text;
  size_t matched = 0, unit;
  for (; secret[matched] && (unit = unit_len(place, secret[matched])); matched++) place += unit;
  if (!secret[matched]) return (size_t)(place - text);
  int is_end = !*place || strncmp(place, "...", 3) == 0;
  if (is_end && matched >= LEAST_END) return (size_t)(place - text);
  if (matched < LEAST_PART) return 0;
  return (size_t)(place - text) + strspn(place, TOKEN_BYTES);
}

/* Return the length of a JSON web token at the beginning of a text: its head and a dot follow
   "eyJ". Base64 without a dot is something else, such as claims. */
static size_t jwt_len(const char *text) {
  static const char digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  if (strncmp(text, "eyJ", 3) != 0) return 0;
  size_t head = strspn(text, digits);
  size_t body = text[head] == '.' ? strspn(text + head + 1, digits) : 0;
  if (body < SHORTEST) return 0;
  size_t len = head + 1 + body;
  return text[len] == '.' ? len + 1 + strspn(text + len + 1, digits) : len;
}

/* Return the length of the token at the beginning of a text that follows "Bearer "; else 0. */
static size_t bearer_len(const char *begin, const char *text) {
  static const char word[] = "bearer ";
  size_t before = sizeof word - 1;
  if ((size_t)(text - begin) < before || !text_starts(text - before, word)) return 0;
  size_t len = strspn(text, TOKEN_BYTES);
  return len >= LEAST_BEARER ? len : 0;
}

/* Return the length of the user information at the beginning of a text that follows "://". */
static size_t user_len(const char *begin, const char *text) {
  if (text - begin < 3 || strncmp(text - 3, "://", 3) != 0) return 0;
  size_t len = strcspn(text, " /?#<>\"'\t\r\n"), user = 0;
  for (size_t i = 0; i < len; i++)
    if (text[i] == '@') user = i;
  return user;
}

static size_t found_len(const char *begin, const char *text, const Secrets *secrets) {
  size_t longest = user_len(begin, text), len;
  for (size_t i = 0; i < secrets->count; i++)
    if ((len = secret_len(text, secrets->texts[i])) > longest) longest = len;
  if ((len = jwt_len(text)) > longest) longest = len;
  return (len = bearer_len(begin, text)) > longest ? len : longest;
}

void mask_text(char *text, const Secrets *secrets) {
  char *to;
  size_t len, stars = sizeof STARS - 1;
  if (!text) return;
  char *original = secrets->failed ? NULL : text_copy(text);
  if (!original) {
    memset(text, '*', strlen(text));      /* hide all rather than show a secret */
    return;
  }
  to = text;
  for (const char *from = original; *from; from += len ? len : 1) {
    len = found_len(original, from, secrets);
    if (!len) *to++ = *from;
    for (size_t i = 0; i < len && i < stars; i++) *to++ = STARS[i];
  }
  *to = '\0';
  text_wipe(original);
}

void error_mask(Error *error, const Secrets *secrets) {
  mask_text(error->code, secrets);
  mask_text(error->message, secrets);
  mask_text(error->target, secrets);
  mask_text(error->request_id, secrets);
  mask_text(error->more, secrets);
}
