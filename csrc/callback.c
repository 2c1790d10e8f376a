/* callback.c: read the HTTP request with which a browser ends a sign-in. Accept only a posted form:
   a code in a URL would stay in the browser's history. loopback.c owns the port.
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

/* Return the value of a header ("content-length:") up to the end of the head, or NULL. */
static const char *header_in(const char *head, const char *name) {
  for (const char *line = strstr(head, END_OF_LINE); line; line = strstr(line, END_OF_LINE)) {
    line += sizeof END_OF_LINE - 1;
    if (text_starts(line, name)) return line + strlen(name);
  }
  return NULL;
}

/* Return the length of the body: 0 without the header, -1 if its value is not a usable number. */
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

/* Decode a value of a form. NULL if it is not text or memory runs out; the caller wipes. */
static char *decode(const char *text, size_t len) {
  Buf out = { 0 };
  for (size_t i = 0; i < len; i++) {
    int high = text[i] == '%' && i + 2 < len ? nibble(text[i + 1]) : -1;
    int low = high >= 0 ? nibble(text[i + 2]) : -1;
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

/* Decode the only field of a name into *value. 0 if the field is repeated or is not text. */
static int take_field(const char *form, size_t len, const char *name, char **value) {
  size_t name_len = strlen(name);
  const char *form_end = form + len;
  for (const char *field = form; field < form_end; ) {
    const char *field_end = memchr(field, '&', (size_t)(form_end - field));
    if (!field_end) field_end = form_end;
    size_t field_len = (size_t)(field_end - field);
    if (field_len > name_len && strncmp(field, name, name_len) == 0 && field[name_len] == '=') {
      if (*value) return 0;
      *value = decode(field + name_len + 1, field_len - name_len - 1);
      if (!*value) return 0;
    }
    field = field_end + 1;
  }
  return 1;
}

/* Compare two texts in a time that does not depend on how many characters are equal. */
static int is_same(const char *a, const char *b) {
  size_t len = strlen(a);
  return len == strlen(b) && CRYPTO_memcmp(a, b, len) == 0;
}

static CallbackKind read_form(const char *form, size_t len, const char *state, Callback *callback) {
  char *form_state = NULL;
  int is_read = take_field(form, len, "state", &form_state)
                && take_field(form, len, "code", &callback->code)
                && take_field(form, len, "error", &callback->error)
                && take_field(form, len, "error_description", &callback->description);
  int is_ours = is_read && form_state && is_same(form_state, state);
  text_wipe(form_state);
  if (is_ours && callback->error) return CALLBACK_REFUSED;
  if (is_ours && callback->code && *callback->code) return CALLBACK_CODE;
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
  size_t body_len = len - (size_t)(body - text);
  if (length < 0 || length > CALLBACK_MAX) return CALLBACK_BAD;
  if (body_len < (size_t)length) return CALLBACK_MORE;
  return is_post ? read_form(body, (size_t)length, state, callback) : CALLBACK_OTHER;
}
