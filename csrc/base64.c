/* base64.c: encode bytes as base64 text and decode them, without line breaks.
   Source: RFC 4648, sections 4 and 5. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(const unsigned char *in, size_t len, const char *digits, int padded) {
  char *text = malloc(len / 3 * 4 + 5), *out = text;
  if (!text) return NULL;
  for (; len >= 3; in += 3, len -= 3) {
    uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = digits[bits >> shift & 63];
  }
  if (len) {
    uint32_t bits = (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0);
    *out++ = digits[bits >> 18 & 63];
    *out++ = digits[bits >> 12 & 63];
    if (len > 1) *out++ = digits[bits >> 6 & 63];
    for (; padded && len < 3; len++) *out++ = '=';
  }
  *out = '\0';
  return text;
}

char *base64_encode(const void *data, size_t len) { return encode(data, len, standard, 1); }

char *base64url_encode(const void *data, size_t len) { return encode(data, len, for_urls, 0); }

static int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Count the digits before the padding. -1 if they do not form groups of four. */
static long digits_of(const char *text, size_t len) {
  size_t digits = len;
  while (digits && len - digits < 2 && text[digits - 1] == '=') digits--;
  if (digits % 4 == 1 || (digits < len && len % 4)) return -1;
  return (long)digits;
}

unsigned char *base64_decode(const char *text, size_t text_len, size_t *len) {
  long digits = digits_of(text, text_len);
  unsigned char *bytes = digits < 0 ? NULL : malloc((size_t)digits / 4 * 3 + 4);
  unsigned char *out = bytes;
  uint32_t bits = 0;
  for (long i = 0; bytes && i < digits; i++) {
    int value = value_of(text[i]);
    if (value < 0) {
      free(bytes);
      return NULL;
    }
    bits = bits << 6 | (uint32_t)value;
    if (i % 4) *out++ = (unsigned char)(bits >> (6 - 2 * (i % 4)));
  }
  if (!bytes) return NULL;
  *out = '\0';
  *len = (size_t)(out - bytes);
  return bytes;
}
