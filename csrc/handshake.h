/* handshake.h: (pure) the opening of a websocket by HTTP/1.1: the request and its answer.
   Source: RFC 6455, section 4. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "error.h"

enum { HANDSHAKE_KEY = 24, HANDSHAKE_MAX_HEAD = 16 * 1024 };

/* Write a random key. Return 0, or -1: the system gave no random bytes, or memory is short. */
int handshake_key(char key[HANDSHAKE_KEY + 1]);

/* Return what a server makes of a key, to prove that it knows websockets. The caller frees it.
   NULL: no memory. */
char *handshake_accept(const char *key);

/* What the request holds. */
typedef struct Opening {
  const char *url;
  const char *key;
  const char *user_agent;
  const char *const *headers;      /* further "Name: value", ends with NULL; NULL: no more */
  const char *authorization;       /* a whole header line; NULL: none */
} Opening;

/* Append the request. Return 0, or -1 when memory is short. */
int handshake_request(Buf *out, const Opening *opening);

typedef enum HandshakeStep {
  HANDSHAKE_MORE,       /* the head of the answer is not complete */
  HANDSHAKE_AGREED,     /* what follows are frames */
  HANDSHAKE_REFUSED,    /* the answer has another status than 101; its body follows */
  HANDSHAKE_INVALID     /* the answer breaks the contract */
} HandshakeStep;

/* Read the head of the answer, and remove it from the bytes that came. Fill in status and headers
   of reply. *fault says what is wrong with an invalid answer: a constant text. */
HandshakeStep handshake_read(Buf *came, const char *key, Reply *reply, const char **fault);

/* Read the body of a refusal from the bytes that came. Return 1 when it is complete: then
   reply->body has it. has_ended: nothing more will come, so that what is there is all. */
int handshake_body(const Buf *came, int has_ended, Reply *reply);

#endif
