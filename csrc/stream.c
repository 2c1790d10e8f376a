/* stream.c: an answer that libmicrohttpd sends piece by piece. While there is nothing to send, the
   connection is suspended; so a client that has gone is noticed at the next piece only. */

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "stream.h"

enum { BLOCK = 4096 };

struct Stream {
  struct MHD_Connection *connection;
  Buf    pending;
  size_t taken;             /* bytes of pending that were sent */
  Buf    lost;              /* what tells the client that pieces were dropped */
  int    has_lost;          /* pieces were dropped, and the client was not told */
  int    is_suspended, is_stopping;
};

Stream *stream_new(struct MHD_Connection *connection, size_t limit, const char *lost, size_t len) {
  Stream *stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  stream->connection = connection;
  if (buf_add(&stream->lost, lost, len) != 0) goto fail;
  stream->pending.limit = limit > len ? limit : len;
  return stream;

fail:
  stream_free(stream);
  return NULL;
}

/* Drop what was sent. */
static void compact(Stream *stream) {
  Buf *pending = &stream->pending;
  size_t left = pending->len - stream->taken;
  if (left) memmove(pending->data, pending->data + stream->taken, left);
  pending->len = left;
  stream->taken = 0;
}

static void append(Stream *stream, const char *data, size_t len) {
  if (stream->taken) compact(stream);
  if (buf_add(&stream->pending, data, len) == 0) return;
  stream->pending.failed = 0;
  stream->has_lost = 1;
}

/* Tell the client that pieces were dropped, once it has taken what came before them. */
static void tell_lost(Stream *stream) {
  stream->has_lost = 0;
  append(stream, stream->lost.data, stream->lost.len);
}

static ssize_t read_stream(void *context, uint64_t offset, char *out, size_t max) {
  Stream *stream = context;
  (void)offset;
  if (stream->is_stopping) return MHD_CONTENT_READER_END_OF_STREAM;
  if (stream->taken == stream->pending.len && stream->has_lost) tell_lost(stream);
  size_t left = stream->pending.len - stream->taken;
  if (!left) {                            /* returning 0 without suspending is a busy loop */
    stream->is_suspended = 1;
    MHD_suspend_connection(stream->connection);
    return 0;
  }
  size_t count = left < max ? left : max;
  memcpy(out, stream->pending.data + stream->taken, count);
  stream->taken += count;
  return (ssize_t)count;
}

struct MHD_Response *stream_response(Stream *stream) {
  return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, NULL);
}

static void resume(Stream *stream) {
  if (!stream->is_suspended) return;
  stream->is_suspended = 0;
  MHD_resume_connection(stream->connection);
}

void stream_emit(Stream *stream, const char *data, size_t len) {
  if (!stream->has_lost) append(stream, data, len);
  resume(stream);
}

void stream_stop(Stream *stream) {
  stream->is_stopping = 1;
  resume(stream);
}

void stream_free(Stream *stream) {
  if (!stream) return;
  buf_clear(&stream->pending);
  buf_clear(&stream->lost);
  free(stream);
}
