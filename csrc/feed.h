/* feed.h: an answer that libmicrohttpd sends piece by piece, for server-sent events. */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>

struct MHD_Connection;
struct MHD_Response;

typedef struct Feed Feed;

/* Make an empty feed for a connection. It keeps up to `limit` bytes that the client has not
   taken. When they are full, it drops what is emitted, and sends `lost` once there is room, so that
   the client can ask for everything again. Copies `lost`. Returns NULL without memory. */
Feed *feed_new(struct MHD_Connection *connection, size_t limit, const char *lost, size_t len);

/* Make the response that sends the feed. The feed must live as long as the response. */
struct MHD_Response *feed_response(Feed *feed);

/* Append bytes. The caller runs the daemon afterwards. */
void feed_emit(Feed *feed, const char *data, size_t len);

/* End the feed at the daemon's next run. */
void feed_stop(Feed *feed);

void feed_free(Feed *feed);

#endif
