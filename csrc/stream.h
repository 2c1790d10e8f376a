/* stream.h: an answer that libmicrohttpd sends piece by piece, for server-sent events. */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>

struct MHD_Connection;
struct MHD_Response;

typedef struct Stream Stream;

/* Make an empty stream for a connection. It keeps up to `limit` bytes that the client has not
   taken. When they are full, it drops what is emitted, and sends `lost` once there is room, so that
   the client can ask for everything again. Copies `lost`. Returns NULL without memory. */
Stream *stream_new(struct MHD_Connection *connection, size_t limit, const char *lost, size_t len);

/* Make the response that sends the stream. The stream must live as long as the response. */
struct MHD_Response *stream_response(Stream *stream);

/* Append bytes. The caller runs the daemon afterwards. */
void stream_emit(Stream *stream, const char *data, size_t len);

/* End the stream at the daemon's next run. */
void stream_stop(Stream *stream);

void stream_free(Stream *stream);

#endif
