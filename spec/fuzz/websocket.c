/* websocket.c: fuzz the reading of frames. The first byte chooses the limit and the size of the
   pieces; the rest is what a server sends. */

#include <stdint.h>
#include <stdlib.h>

#include "websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_messages(Websocket *ws, uint64_t limit) {
  for (Message *message; (message = websocket_next(ws)); ) {
    if (message->len > limit) abort();
    message_free(message);
  }
}

static void look(Websocket *ws) {
  const char *reason;
  size_t len;
  int code = websocket_closed(ws, &reason, &len);
  if (code == 0 && len > 0) abort();
  websocket_closing(ws);
  websocket_pongs(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  uint64_t limit = data[0] & 1 ? 64 : 1 << 20;
  size_t piece = data[0] / 2 + 1u;
  Websocket *ws = websocket_new(limit);
  for (size_t at = 1; at < size; at += piece) {
    size_t left = size - at;
    websocket_feed(ws, (const char *)data + at, left < piece ? left : piece);
    take_messages(ws, limit);
    look(ws);
    buf_reset(websocket_output(ws));
  }
  websocket_send(ws, "text", 4);
  websocket_close(ws, 1000, "done", 4);
  if (websocket_failed(ws)) abort();
  websocket_free(ws);
  return 0;
}
