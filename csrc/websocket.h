/* websocket.h: frames of websockets, without input and output of its own: bytes come in and go out
   by calls. libwslay checks and builds the frames. Source: RFC 6455, section 5. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include <stdint.h>

#include "buf.h"

typedef struct Websocket Websocket;

/* A whole message. Its owner frees it by message_free. */
typedef struct Message {
  struct Message *next;
  int    is_binary;
  size_t len;
  char   data[];
} Message;

/* Create the client's side of a websocket. Refuse messages of more than max_message bytes.
   NULL: no memory. */
Websocket *websocket_new(uint64_t max_message);
void       websocket_free(Websocket *ws);

/* Refuse messages of more than so many bytes from now on. */
void websocket_limit(Websocket *ws, uint64_t max_message);

/* Take in bytes of the server. Answers to pings go out by themselves. */
void websocket_feed(Websocket *ws, const char *data, size_t len);

/* Take the next message that came; NULL: there is none. */
Message *websocket_next(Websocket *ws);
void     message_free(Message *message);

/* Send a text, which must be UTF-8; a ping; or a close, after which nothing more goes out. The
   payload of a ping and the reason of a close have at most 123 bytes. Return 0, or -1: it is
   closed, or memory is short. */
int websocket_send(Websocket *ws, const char *text, size_t len);
int websocket_ping(Websocket *ws, const char *payload, size_t len);
int websocket_close(Websocket *ws, uint16_t code, const char *reason, size_t len);

/* Return the bytes to send. The caller takes them out by buf_reset. */
Buf *websocket_output(Websocket *ws);

/* Return how many pongs came. */
unsigned long websocket_pongs(const Websocket *ws);

/* Return the code with which the server closed the websocket: 1005 when it gave none; 0: it has not
   closed it. *reason is its text, which is UTF-8 and belongs to ws. */
int websocket_closed(const Websocket *ws, const char **reason, size_t *len);

/* Return the code of the close that was sent, by websocket_close or because the server broke the
   rules: 1002 the protocol, 1007 UTF-8, 1009 the length of a message. 0: no close was sent. */
int websocket_closing(const Websocket *ws);

/* Return 1 when memory was short, so that messages are lost. */
int websocket_failed(const Websocket *ws);

#endif
