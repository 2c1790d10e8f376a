/* feed.c: an answer that libmicrohttpd sends piece by piece. While there is nothing to send, the
   connection is suspended; so a client that has gone is noticed at the next piece only. */

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "feed.h"

enum { BLOCK = 4096 };

struct Feed {
  struct MHD_Connection *connection;
  Buf    pending;
  size_t taken;             /* bytes of pending that were sent */
  Buf    lost;              /* what tells the client that pieces were dropped */
  int    has_lost;          /* pieces were dropped, and the client was not told */
  int    is_suspended, is_stopping;
};

Feed *feed_new(struct MHD_Connection *connection, size_t limit, const char *lost, size_t len) {
  Feed *feed = calloc(1, sizeof *feed);
  if (!feed) return NULL;
  feed->connection = connection;
  if (buf_add(&feed->lost, lost, len) != 0) goto fail;
  feed->pending.limit = limit > len ? limit : len;
  return feed;

fail:
  feed_free(feed);
  return NULL;
}

/* Drop what was sent. */
static void compact(Feed *feed) {
  Buf *pending = &feed->pending;
  size_t left = pending->len - feed->taken;
  if (left) memmove(pending->data, pending->data + feed->taken, left);
  pending->len = left;
  feed->taken = 0;
}

static void append(Feed *feed, const char *data, size_t len) {
  if (feed->taken) compact(feed);
  if (buf_add(&feed->pending, data, len) == 0) return;
  feed->pending.failed = 0;
  feed->has_lost = 1;
}

/* Tell the client that pieces were dropped, once it has taken what came before them. */
static void tell_lost(Feed *feed) {
  feed->has_lost = 0;
  append(feed, feed->lost.data, feed->lost.len);
}

static ssize_t read_feed(void *context, uint64_t offset, char *out, size_t max) {
  Feed *feed = context;
  (void)offset;
  if (feed->is_stopping) return MHD_CONTENT_READER_END_OF_STREAM;
  if (feed->taken == feed->pending.len && feed->has_lost) tell_lost(feed);
  size_t left = feed->pending.len - feed->taken;
  if (!left) {                            /* returning 0 without suspending is a busy loop */
    feed->is_suspended = 1;
    MHD_suspend_connection(feed->connection);
    return 0;
  }
  size_t count = left < max ? left : max;
  memcpy(out, feed->pending.data + feed->taken, count);
  feed->taken += count;
  return (ssize_t)count;
}

struct MHD_Response *feed_response(Feed *feed) {
  return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_feed, feed, NULL);
}

static void resume(Feed *feed) {
  if (!feed->is_suspended) return;
  feed->is_suspended = 0;
  MHD_resume_connection(feed->connection);
}

void feed_emit(Feed *feed, const char *data, size_t len) {
  if (!feed->has_lost) append(feed, data, len);
  resume(feed);
}

void feed_stop(Feed *feed) {
  feed->is_stopping = 1;
  resume(feed);
}

void feed_free(Feed *feed) {
  if (!feed) return;
  buf_clear(&feed->pending);
  buf_clear(&feed->lost);
  free(feed);
}
