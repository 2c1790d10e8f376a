/* relay.h: pass HTTP requests on to servers behind unix sockets. The owner sees the head of each
   request and decides: refuse it, or connect it with a new head. After that the relay copies bytes,
   so that WebSockets, long bodies and streams need no further care. A connection carries one
   request. */
#ifndef RELAY_H
#define RELAY_H

#include <stddef.h>
#include <sys/socket.h>

typedef struct Relay Relay;

/* Listen on an address. Return NULL with errno. */
Relay *relay_new(const struct sockaddr *address, socklen_t len);
void   relay_free(Relay *relay);

int    relay_port(const Relay *relay);
int    relay_descriptor(const Relay *relay);      /* ready to read when relay_run has work */

/* Do what is to do now. Return the seconds until it must run again; negative: no time is set. */
double relay_run(Relay *relay);

/* Return the next request that has no decision yet, and its head; 0: there is no other. */
unsigned long relay_next(Relay *relay, const char **head, size_t *len);

/* Answer a request with these bytes and close its connection. Nothing happens if the client has
   gone. */
void relay_refuse(Relay *relay, unsigned long id, const char *answer, size_t len);

/* Connect a request to a server's unix socket, and send it this head in place of the client's.
   Return 0; or -1 with errno, and the request still waits for a decision. */
int  relay_connect(Relay *relay, unsigned long id, const char *path, const char *head, size_t len);

/* Close the connections to the servers behind a path. */
void relay_cut(Relay *relay, const char *path);

#endif
