/* exchange.c: show requests and replies to observers, to the tracer and to the recorder, with their
   secrets hidden. Leaves to op.c what a reply means. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange.h"
#include "text.h"
#include "traffic.h"
#include "transport.h"

void exchange_secrets(const Exchange *exchange, Secrets *secrets) {
  const Client *client = exchange->client;
  *secrets = (Secrets){ .count = 0 };
  secrets_add_headers(secrets, exchange->headers);
  if (client->secret) secrets_add_form(secrets, exchange->body, exchange->body_len);
  client_secrets(client, secrets);
}

/* Copy a line and hide the secrets in its texts from the service. Return 0 when memory is short. */
static int masked_line(const Exchange *exchange, TraceLine *shown, const TraceLine *line) {
  Secrets secrets;
  if (!trace_line_copy(shown, line)) return 0;
  exchange_secrets(exchange, &secrets);
  mask_text((char *)shown->url, &secrets);
  mask_text((char *)shown->request_id, &secrets);
  secrets_clear(&secrets);
  return 1;
}

void exchange_sent(const Exchange *exchange) {
  const Client *client = exchange->client;
  TraceLine shown;
  if (!client->observer || !masked_line(exchange, &shown, &exchange->line)) return;
  loop_seen(client->loop, client->observer, 0, &shown, NULL);
  trace_line_clear(&shown);
}

static char *joined(const Headers *headers) {
  Buf lines = { 0 };
  for (const char *line = NULL; (line = headers_next(headers, line)); )
    buf_printf(&lines, "%s\n", line);
  return buf_take(&lines);
}

/* Return a copy of a body with its secrets hidden; NULL: it is no text. */
static char *shown_body(const char *body, size_t len, const Secrets *secrets) {
  if (!body || strlen(body) != len) return NULL;
  char *copy = text_copy(body);
  mask_text(copy, secrets);
  return copy;
}

/* Show the whole exchange to the recorder. Token requests are secret altogether. */
static void record(const Exchange *exchange, const Outcome *outcome, const TraceLine *shown) {
  Loop *loop = exchange->client->loop;
  const Reply *reply = outcome->reply;
  Secrets secrets;
  if (!loop_recorder(loop) || exchange->client->secret) return;
  exchange_secrets(exchange, &secrets);
  const char *body = exchange->has_body ? exchange->body : NULL;
  Recorded recorded = {
    .url = text_copy(exchange->line.url),
    .sent = shown_body(body, exchange->body_len, &secrets),
    .headers = joined(&reply->headers),
    .body = shown_body(reply->body.data, reply->body.len, &secrets)
  };
  mask_text(recorded.url, &secrets);
  mask_text(recorded.headers, &secrets);
  secrets_clear(&secrets);
  loop_seen(loop, loop_recorder(loop), 1, shown, &recorded);
}

/* Count the attempt. */
static void count(const Exchange *exchange, const Outcome *outcome) {
  const TraceLine *line = &exchange->line;
  int status = outcome->result == CURLE_OK ? outcome->reply->status : 0;
  traffic_count(loop_traffic(exchange->client->loop), line->event, line->method, status);
}

void exchange_ended(const Exchange *exchange, const Outcome *outcome) {
  const Client *client = exchange->client;
  Loop *loop = client->loop;
  count(exchange, outcome);
  if (!loop_tracer(loop) && !client->observer && !loop_recorder(loop)) return;
  TraceLine line = exchange->line, shown;
  line.bytes = outcome->reply->body.len;
  line.seconds = loop_now(loop) - exchange->sent_at;
  line.request_id = headers_get(&outcome->reply->headers, "x-ms-request-id");
  line.retry_after = retry_after(&outcome->reply->headers, time(NULL));
  if (outcome->result == CURLE_OK) line.status = outcome->reply->status;
  else line.error = transport_fault(outcome->result)->code;
  if (!masked_line(exchange, &shown, &line)) return;
  trace_write(loop_tracer(loop), &shown);
  if (client->observer) loop_seen(loop, client->observer, 1, &shown, NULL);
  record(exchange, outcome, &shown);
  trace_line_clear(&shown);
}
