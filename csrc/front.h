/* front.h: the connections of an HTTP server that does not speak to its clients itself. A front
   listens, speaks TLS, and passes bytes on to the server through a pair of sockets. It has no loop
   of its own: the owner watches one descriptor and calls front_run. */
#ifndef FRONT_H
#define FRONT_H

#include <sys/socket.h>

typedef struct Front Front;

/* Takes the server's end of a new connection. The server closes the descriptor, also when it
   refuses it by returning -1. */
typedef int FrontAccepted(void *owner, int fd, const struct sockaddr *client, socklen_t len);

/* Listen on an address. linger: the seconds that a client has for the rest of an answer once the
   server has closed its connection. Return NULL with errno. */
Front *front_new(const struct sockaddr *address, double linger, FrontAccepted *accepted,
                 void *owner);

/* Speak TLS with a certificate, those of its issuers, and its key: PEM texts. Return 0; -1: they
   cannot be used. */
int    front_secure(Front *front, const char *certificate, const char *key);

/* Close all connections, after sending what their clients take at once. */
void   front_free(Front *front);

int    front_port(const Front *front);
int    front_descriptor(const Front *front);      /* ready to read when front_run has work */

/* Make front_descriptor ready also when a descriptor of the server is. Return 0, or -1 with
   errno. */
int    front_watch(Front *front, int fd);

/* Accept up to `room` connections and move bytes. Return whether the server may have work. */
int    front_run(Front *front, unsigned room);

/* Close connections whose clients are too slow with the rest of an answer. Return the seconds until
   this is to be called again; negative: no time is set. */
double front_cut_late(Front *front);

/* Return the client's socket of a connection by the server's; -1: it has closed. */
int    front_client(const Front *front, int fd);

#endif
