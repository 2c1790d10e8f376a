/* callback.c: what a browser brings back to a port of this machine at the end of a sign-in. Only a
   form that is posted counts: a code in an address would stay in the browser's history.
   Source: spec/contract/auth.md, section 9. */

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "callback.h"
#include "text.h"

static const char END_OF_HEAD[] = "\r\n\r\n", END_OF_LINE[] = "\r\n";

void callback_clear(Callback *callback) {
  text_wipe(callback->code);
  free(callback->error);
  free(callback->description);
  *callback = (Callback){ 0 };
}

/* The head's header of that name ("content-length:"), or NULL; ends at the line's end. */
static const char *header_in(const char *head, const char *name) {
  for (const char *line = strstr(head, END_OF_LINE); line; line = strstr(line, END_OF_LINE)) {
    line += sizeof END_OF_LINE - 1;
    if (text_starts(line, name)) return line + strlen(name);
  }
  return NULL;
}

/* -1: it is none that can be. */
static long length_in(const char *head) {
  const char *value = header_in(head, "content-length:");
  if (!value) return 0;
  value += strspn(value, " \t");
  size_t digits = strspn(value, "0123456789");
  return digits && digits < 8 ? strtol(value, NULL, 10) : -1;
}

static int nibble(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
  return found ? (int)(found - digits) : -1;
}

/* One value of a form, decoded; NULL: it is no text, or memory has run out. The caller wipes. */
static char *decode(const char *text, size_t len) {
  Buf out = { 0 };
  for (size_t i = 0; i < len; i++) {
    int high = text[i] == '%' && i + 2 < len ? nibble(text[i + 1]) : -1, low = high >= 0 ? nibble(text[i + 2]) : -1;
    char c = text[i] == '+' ? ' ' : low >= 0 ? (char)(high * 16 + low) : text[i];
    if (low >= 0) i += 2;
    if (c == '\0' || buf_add(&out, &c, 1) != 0) {
      buf_wipe(&out);
      return NULL;
    }
  }
  char *decoded = out.len ? text_copy(out.data) : text_copy("");
  buf_wipe(&out);
  return decoded;
}

/* The form's only field of that name into *value; 0: it is there twice, or is no text. */
static int take_field(const char *form, size_t len, const char *name, char **value) {
  size_t name_len = strlen(name);
  for (const char *at = form, *end = form + len; at < end; ) {
    const char *stop = memchr(at, '&', (size_t)(end - at));
    if (!stop) stop = end;
    if ((size_t)(stop - at) > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
      if (*value) return 0;
      *value = decode(at + name_len + 1, (size_t)(stop - at) - name_len - 1);
      if (!*value) return 0;
    }
    at = stop + 1;
  }
  return 1;
}

/* In a time that does not tell how much of it was right. */
static int same(const char *a, const char *b) {
  size_t len = strlen(a);
  return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

static CallbackKind read_form(const char *form, size_t len, const char *state, Callback *callback) {
  char *given = NULL;
  int once = take_field(form, len, "state", &given) && take_field(form, len, "code", &callback->code)
             && take_field(form, len, "error", &callback->error) && take_field(form, len, "error_description", &callback->description);
  int ours = once && given && same(given, state);
  text_wipe(given);
  if (ours && callback->error) return CALLBACK_REFUSED;
  if (ours && callback->code && *callback->code) return CALLBACK_CODE;
  callback_clear(callback);
  return CALLBACK_BAD;
}

CallbackKind callback_read(const char *text, size_t len, const char *state, Callback *callback) {
  const char *body = len ? memmem(text, len, END_OF_HEAD, sizeof END_OF_HEAD - 1) : NULL;
  if (!body) return len > CALLBACK_MAX ? CALLBACK_BAD : CALLBACK_MORE;
  if (memchr(text, '\0', (size_t)(body - text))) return CALLBACK_BAD;
  char *head = text_format("%.*s%s", (int)(body - text), text, END_OF_LINE);
  long length = head ? length_in(head) : -1;
  int is_post = head && strncmp(head, "POST / ", 7) == 0;
  free(head);
  body += sizeof END_OF_HEAD - 1;
  size_t there = len - (size_t)(body - text);
  if (length < 0 || length > CALLBACK_MAX) return CALLBACK_BAD;
  if (there < (size_t)length) return CALLBACK_MORE;
  return is_post ? read_form(body, (size_t)length, state, callback) : CALLBACK_OTHER;
}
