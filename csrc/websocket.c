/* websocket.c: frames of websockets by libwslay. Its callbacks read from the bytes that were fed,
   and write into a Buf. */

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "platform.h"
#include "websocket.h"

enum { MAX_CONTROL = 123 };      /* bytes of a reason; a ping could have two more */

struct Websocket {
  wslay_event_context_ptr context;
  const char *fed;           /* what of the fed bytes is left */
  size_t      fed_len;
  Buf         output;
  Message    *first, **end;
  Buf         reason;        /* of the server's close */
  unsigned long pongs;
  int         is_broken;     /* the server broke the protocol within a frame */
  int         failed;
};

/* -- libwslay's callbacks ---------------------------------------------------------------------- */

static ssize_t on_recv(wslay_event_context_ptr context, uint8_t *to, size_t max, int flags,
                       void *user) {
  Websocket *ws = user;
  size_t len = ws->fed_len < max ? ws->fed_len : max;
  (void)flags;
  if (!len) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  memcpy(to, ws->fed, len);
  ws->fed += len;
  ws->fed_len -= len;
  return (ssize_t)len;
}

static ssize_t on_send(wslay_event_context_ptr context, const uint8_t *data, size_t len, int flags,
                       void *user) {
  Websocket *ws = user;
  (void)flags;
  if (buf_add(&ws->output, data, len) == 0) return (ssize_t)len;
  wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static int on_mask(wslay_event_context_ptr context, uint8_t *to, size_t len, void *user) {
  (void)user;
  if (platform_random(to, len) == 0) return 0;
  wslay_event_set_error(context, WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static void add_message(Websocket *ws, const struct wslay_event_on_msg_recv_arg *arg) {
  Message *message = malloc(sizeof *message + arg->msg_length);
  if (!message) {
    ws->failed = 1;
    return;
  }
  message->next = NULL;
  message->is_binary = arg->opcode == WSLAY_BINARY_FRAME;
  message->len = arg->msg_length;
  if (message->len) memcpy(message->data, arg->msg, message->len);
  *ws->end = message;
  ws->end = &message->next;
}

static void on_message(wslay_event_context_ptr context,
                       const struct wslay_event_on_msg_recv_arg *arg, void *user) {
  Websocket *ws = user;
  (void)context;
  if (!wslay_is_ctrl_frame(arg->opcode)) add_message(ws, arg);
  else if (arg->opcode == WSLAY_PONG) ws->pongs++;
  else if (arg->opcode == WSLAY_CONNECTION_CLOSE && arg->msg_length > 2)
    buf_add(&ws->reason, arg->msg + 2, arg->msg_length - 2);
}

/* -- life -------------------------------------------------------------------------------------- */

Websocket *websocket_new(uint64_t max_message) {
  static const struct wslay_event_callbacks callbacks = {
    .recv_callback = on_recv, .send_callback = on_send, .genmask_callback = on_mask,
    .on_msg_recv_callback = on_message
  };
  Websocket *ws = calloc(1, sizeof *ws);
  if (!ws) return NULL;
  ws->end = &ws->first;
  if (wslay_event_context_client_init(&ws->context, &callbacks, ws) != 0) {
    free(ws);
    return NULL;
  }
  websocket_limit(ws, max_message);
  return ws;
}

void websocket_free(Websocket *ws) {
  if (!ws) return;
  for (Message *message; (message = websocket_next(ws)); ) message_free(message);
  wslay_event_context_free(ws->context);
  buf_clear(&ws->output);
  buf_clear(&ws->reason);
  free(ws);
}

void websocket_limit(Websocket *ws, uint64_t max_message) {
  wslay_event_config_set_max_recv_msg_length(ws->context, max_message);
}

void message_free(Message *message) { free(message); }

/* -- reading and writing ----------------------------------------------------------------------- */

/* Write the frames that wait into the output. */
static int flush(Websocket *ws) {
  int result = wslay_event_send(ws->context);
  if (result != 0) ws->failed = 1;
  return result == 0 ? 0 : -1;
}

/* libwslay takes a malformed frame for a failure of on_recv, which never fails, and queues a close
   without a code. */
void websocket_feed(Websocket *ws, const char *data, size_t len) {
  ws->fed = data;
  ws->fed_len = len;
  int result = wslay_event_want_read(ws->context) ? wslay_event_recv(ws->context) : 0;
  if (result == WSLAY_ERR_CALLBACK_FAILURE) ws->is_broken = 1;
  else if (result != 0) ws->failed = 1;
  ws->fed = NULL;
  ws->fed_len = 0;
  flush(ws);
}

Message *websocket_next(Websocket *ws) {
  Message *message = ws->first;
  if (!message) return NULL;
  ws->first = message->next;
  if (!ws->first) ws->end = &ws->first;
  return message;
}

static int queue(Websocket *ws, uint8_t opcode, const char *data, size_t len) {
  struct wslay_event_msg message = {
    .opcode = opcode, .msg = (const uint8_t *)data, .msg_length = len
  };
  if (wslay_event_queue_msg(ws->context, &message) != 0) return -1;
  return flush(ws);
}

int websocket_send(Websocket *ws, const char *text, size_t len) {
  return queue(ws, WSLAY_TEXT_FRAME, text, len);
}

int websocket_ping(Websocket *ws, const char *payload, size_t len) {
  return len <= MAX_CONTROL ? queue(ws, WSLAY_PING, payload, len) : -1;
}

int websocket_close(Websocket *ws, uint16_t code, const char *reason, size_t len) {
  if (len > MAX_CONTROL) return -1;
  if (wslay_event_queue_close(ws->context, code, (const uint8_t *)reason, len) != 0) return -1;
  return flush(ws);
}

/* -- looking ----------------------------------------------------------------------------------- */

Buf *websocket_output(Websocket *ws) { return &ws->output; }
unsigned long websocket_pongs(const Websocket *ws) { return ws->pongs; }
int websocket_failed(const Websocket *ws) { return ws->failed || ws->reason.failed; }

int websocket_closed(const Websocket *ws, const char **reason, size_t *len) {
  *reason = ws->reason.data ? ws->reason.data : "";
  *len = ws->reason.len;
  if (!wslay_event_get_close_received(ws->context)) return 0;
  return wslay_event_get_status_code_received(ws->context);
}

int websocket_closing(const Websocket *ws) {
  if (ws->is_broken) return 1002;
  if (!wslay_event_get_close_sent(ws->context)) return 0;
  return wslay_event_get_status_code_sent(ws->context);
}
