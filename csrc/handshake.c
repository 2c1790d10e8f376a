/* handshake.c: write the request that opens a websocket, and read the answer to it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "base64.h"
#include "handshake.h"
#include "platform.h"
#include "text.h"
#include "url.h"

/* -- the key ----------------------------------------------------------------------------------- */

int handshake_key(char key[HANDSHAKE_KEY + 1]) {
  unsigned char bytes[16];
  if (platform_random(bytes, sizeof bytes) != 0) return -1;
  char *text = base64_encode(bytes, sizeof bytes);
  if (!text) return -1;
  memcpy(key, text, HANDSHAKE_KEY + 1);
  free(text);
  return 0;
}

char *handshake_accept(const char *key) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  char *text = text_format("%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  int done = text && EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL);
  free(text);
  return done ? base64_encode(digest, len) : NULL;
}

/* -- the request ------------------------------------------------------------------------------- */

enum { ROOM = 4096 };      /* bytes for all but URL and token */

/* Append "Host: name:port", without the usual port of the scheme. */
static void add_host(Buf *out, const char *origin) {
  const char *host = strstr(origin, "://") + 3;
  const char *usual = text_starts(origin, "https:") ? ":443" : ":80";
  size_t len = strlen(host);
  if (text_ends(host, usual)) len -= strlen(usual);
  buf_printf(out, "Host: %.*s\r\n", (int)len, host);
}

int handshake_request(Buf *out, const Opening *opening) {
  const char *target = url_target(opening->url), *secret = opening->authorization;
  char *origin = url_origin(opening->url);
  if (!origin) return -1;
  /* A Buf that grows later leaves a copy of the token behind, which is never wiped. */
  buf_reserve(out, ROOM + strlen(opening->url) + (secret ? strlen(secret) : 0));
  buf_printf(out, "GET %s%s HTTP/1.1\r\n", *target == '/' ? "" : "/", target);
  add_host(out, origin);
  buf_printf(out, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: %s\r\nUser-Agent: %s\r\n", opening->key, opening->user_agent);
  for (const char *const *line = opening->headers; line && *line; line++)
    buf_printf(out, "%s\r\n", *line);
  if (secret) buf_printf(out, "%s\r\n", secret);
  buf_puts(out, "\r\n");
  free(origin);
  return out->failed ? -1 : 0;
}

/* -- the head of the answer -------------------------------------------------------------------- */

/* Return the length of the head with its empty line; 0 while that has not come. */
static size_t head_length(const Buf *came) {
  const char *end = came->data ? memmem(came->data, came->len, "\r\n\r\n", 4) : NULL;
  return end ? (size_t)(end - came->data) + 4 : 0;
}

/* Return the status in "HTTP/1.1 101 Switching Protocols"; 0: the text is no such line. */
static int status_in(const char *head, size_t len) {
  static const char before[] = "HTTP/1.";
  const size_t at = sizeof before + 1;      /* past the digit and the blank after it */
  int status = 0;
  if (len < at + 3 || head[at - 1] != ' ') return 0;
  if (strncmp(head, before, sizeof before - 1) != 0) return 0;
  for (size_t i = at; i < at + 3; i++) {
    if (head[i] < '0' || head[i] > '9') return 0;
    status = status * 10 + (head[i] - '0');
  }
  return status;
}

/* Read the lines of a head. Return 0 when there is no room for them. */
static int read_lines(Headers *headers, const char *head, size_t len) {
  for (const char *end = head + len; head < end; ) {
    const char *next = memmem(head, (size_t)(end - head), "\r\n", 2);
    size_t line = next ? (size_t)(next - head) + 2 : (size_t)(end - head);
    if (headers_add(headers, head, line) != 0) return 0;
    head += line;
  }
  return 1;
}

/* Return 1 if a list such as "keep-alive, Upgrade" has a word. */
static int lists(const char *list, const char *word) {
  size_t len = strlen(word);
  while (list && *list) {
    list += strspn(list, ", \t");
    size_t item = strcspn(list, ", \t");
    if (item == len && strncasecmp(list, word, len) == 0) return 1;
    list += item;
  }
  return 0;
}

/* Return 1 if one of the fields of a name has a word in its list. */
static int field_lists(const Headers *headers, const char *name, const char *word) {
  size_t len = strlen(name);
  for (const char *line = NULL; (line = headers_next(headers, line)); )
    if (text_starts(line, name) && line[len] == ':' && lists(line + len + 1, word)) return 1;
  return 0;
}

/* Return what is wrong with an answer that agrees; NULL: it is in order. */
static const char *fault_in_agreement(const Headers *headers, const char *key) {
  if (!field_lists(headers, "Upgrade", "websocket")) return "it lacks 'Upgrade: websocket'";
  if (!field_lists(headers, "Connection", "upgrade")) return "it lacks 'Connection: Upgrade'";
  if (headers_get(headers, "Sec-WebSocket-Extensions")) return "it wants an extension";
  if (headers_get(headers, "Sec-WebSocket-Protocol")) return "it wants a subprotocol";
  char *expected = handshake_accept(key);
  const char *accept = headers_get(headers, "Sec-WebSocket-Accept");
  int is_right = expected && accept && strcmp(accept, expected) == 0;
  free(expected);
  return is_right ? NULL : "its 'Sec-WebSocket-Accept' does not fit the request";
}

/* Return what is wrong with the bytes at the beginning of an answer; NULL: they may be a head. */
static const char *fault_in_bytes(const Buf *came, size_t head_len) {
  size_t len = head_len ? head_len : came->len;
  if (came->len >= 12 && !status_in(came->data, came->len)) return "it is not HTTP/1.1";
  if (len > HANDSHAKE_MAX_HEAD) return "its head is larger than 16 KiB";
  if (head_len && memchr(came->data, '\0', head_len)) return "its head holds a zero byte";
  return NULL;
}

HandshakeStep handshake_read(Buf *came, const char *key, Reply *reply, const char **fault) {
  for (;;) {
    size_t len = head_length(came);
    *fault = fault_in_bytes(came, len);
    if (*fault) return HANDSHAKE_INVALID;
    if (!len) return HANDSHAKE_MORE;
    reply->status = status_in(came->data, len);
    reply->headers.lines.limit = HANDSHAKE_MAX_HEAD * 2;
    if (!read_lines(&reply->headers, came->data, len)) *fault = "there is no memory for its head";
    buf_drop(came, len);
    if (*fault) return HANDSHAKE_INVALID;
    if (reply->status == 101) break;
    if (reply->status >= 200) return HANDSHAKE_REFUSED;
  }                                         /* 100 and 103 come before the answer */
  *fault = fault_in_agreement(&reply->headers, key);
  return *fault ? HANDSHAKE_INVALID : HANDSHAKE_AGREED;
}

/* -- the body of a refusal --------------------------------------------------------------------- */

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Read the size of a chunk and the rest of its line, and step over both. Return -1 when the line is
   not complete, or no size that could fit. */
static long chunk_size(const char **text, const char *end) {
  enum { MAX_SIZE = 1 << 24 };
  long size = 0;
  const char *line = memchr(*text, '\n', (size_t)(end - *text)), *c = *text;
  if (!line) return -1;
  for (; digit_of(*c) >= 0; c++)
    if ((size = size * 16 + digit_of(*c)) > MAX_SIZE) return -1;
  if (c == *text) return -1;
  *text = line + 1;
  return size;
}

/* Append what the chunks hold. Return 1 when the last chunk has come. */
static int join_chunks(const Buf *came, Buf *body) {
  const char *text = came->data, *end = text + came->len;
  for (;;) {
    long size = chunk_size(&text, end);
    if (size <= 0) return size == 0;
    size_t left = (size_t)(end - text), part = (size_t)size < left ? (size_t)size : left;
    buf_add(body, text, part);
    if (left < (size_t)size + 2) return 0;
    text += size + 2;
  }
}

/* Return the length that the head announces; SIZE_MAX: it announces none. */
static size_t announced(const Headers *headers) {
  double length;
  const char *text = headers_get(headers, "Content-Length");
  return text && text_number(text, &length) && length < 1e9 ? (size_t)length : SIZE_MAX;
}

int handshake_body(const Buf *came, int has_ended, Reply *reply) {
  size_t length = announced(&reply->headers);
  buf_reset(&reply->body);
  if (!came->data) return has_ended || length == 0;
  if (field_lists(&reply->headers, "Transfer-Encoding", "chunked"))
    return join_chunks(came, &reply->body) || has_ended;
  buf_add(&reply->body, came->data, came->len < length ? came->len : length);
  return has_ended || came->len >= length;
}
