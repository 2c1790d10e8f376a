/* server.c: serve the benchmark's requests on loopback. It is fast, so that the benchmark measures
   the clients and not the emulator: one thread, epoll, HTTP/1.1. It serves a token, an instance,
   the pages of a list, a start that takes some seconds, and the status of a start. All instances
   are there but those whose names begin with "no-". It counts the requests, and the polls that
   came before Retry-After allowed them.

     server [--takes SECONDS] [--retry-after SECONDS] [--list COUNT] [--hold MILLISECONDS]
            [--budget COUNT] [--refill PER_SECOND] [--certificate FILE --key FILE]

   --hold delays each reply, as a distant service does. --budget limits starts: a bucket that
   --refill fills; a start beyond it is answered 429. With a certificate it speaks TLS. It prints
   its port. GET /stats returns the counts and the processor time, and resets them. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_CAP = 16 * 1024, PAGE = 100, SIGNATURE = 2380, MAX_OPERATIONS = 1 << 20, BATCH = 64 };

typedef struct Connection Connection;
struct Connection {
  int    fd;
  SSL   *tls;                /* NULL: plain HTTP */
  char   in[IN_CAP];
  size_t in_len;
  char  *out;                /* grows to the size of the largest answer */
  size_t out_len, out_cap, sent;
  double due;                /* when its held reply is sent; 0: it has none */
  Connection *next;          /* in the queue of held replies */
};

typedef struct Operation {
  double begun, next;        /* next: the earliest time of the next poll */
} Operation;

typedef struct Stats {
  long tokens, gets, pages, starts, polls, early, others, connections, open, most_open, throttled;
  long resumed;              /* TLS sessions at the last reset */
  double used;               /* processor seconds at the last reset */
} Stats;

static double takes = 2, retry_after = 1;
static double hold;                       /* seconds */
static double budget, refill, left, filled_at;      /* budget 0: no limit */
static long   list_count = 10000;
static Connection *held, **held_end = &held;
static int    port;
static SSL_CTX *tls;                      /* NULL: plain HTTP */
static const char *certificate, *key;
static char   signature[SIGNATURE + 1];
static Operation *operations;
static size_t operation_count;
static Stats  stats;

static double now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double processor_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  long seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
  long microseconds = used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  return (double)seconds + (double)microseconds / 1e6;
}

/* -- answers ----------------------------------------------------------------------------------- */

static void add(Connection *c, const char *data, size_t len) {
  if (c->out_len + len > c->out_cap) {
    while (c->out_cap < c->out_len + len) c->out_cap = c->out_cap ? c->out_cap * 2 : 8192;
    c->out = realloc(c->out, c->out_cap);
    if (!c->out) abort();
  }
  memcpy(c->out + c->out_len, data, len);
  c->out_len += len;
}

static const char *scheme(void) { return tls ? "https" : "http"; }

static void add_format(Connection *c, const char *format, ...) {
  char text[8192];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  add(c, text, (size_t)len);
}

/* Write a head with the header fields that Resource Manager sends with each reply. */
static void add_head(Connection *c, const char *status, const char *more, size_t body_len) {
  add_format(c, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n", status, body_len);
  add_format(c, "Content-Type: application/json; charset=utf-8\r\n%s", more);
  static const char rest[] =
    "Cache-Control: no-cache\r\nPragma: no-cache\r\nExpires: -1\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "X-Content-Type-Options: nosniff\r\nx-ms-request-id: 5a1d2c3b-0f4e-4d6a-9b8c-7e6f5a4d3c2b\r\n"
    "x-ms-correlation-request-id: 0c9b8a7d-6e5f-4c3b-8a19-2d3e4f5a6b7c\r\nx-request-time: 0.012\r\n"
    "x-ms-response-type: standard\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n";
  add(c, rest, sizeof rest - 1);
}

static void answer(Connection *c, const char *status, const char *more, const char *body) {
  size_t len = strlen(body);
  add_head(c, status, more, len);
  add(c, body, len);
}

/* The JSON of an instance, 2.2 KB, as in the recorded examples of the specification. */
static const char INSTANCE[] =
  "{\"id\":\"/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/bench/providers/"
  "Microsoft.MachineLearningServices/workspaces/bench/computes/%.*s\",\"name\":\"%.*s\","
  "\"type\":\"Microsoft.MachineLearningServices/workspaces/computes\","
  "\"location\":\"westeurope\",\"tags\":{\"team\":\"vision\",\"keep\":\"off\"},\"identity\":null,"
  "\"systemData\":{\"createdBy\":\"ann@example.org\",\"createdByType\":\"User\","
  "\"createdAt\":\"2026-01-01T10:00:00.0000000Z\",\"lastModifiedBy\":\"ann@example.org\","
  "\"lastModifiedByType\":\"User\",\"lastModifiedAt\":\"2026-01-02T10:00:00.0000000Z\"},"
  "\"properties\":{\"description\":\"for trying things out\",\"computeType\":\"ComputeInstance\","
  "\"computeLocation\":\"westeurope\",\"resourceId\":null,\"provisioningErrors\":null,"
  "\"provisioningState\":\"Succeeded\",\"createdOn\":\"2026-01-01T10:00:00.0000000Z\","
  "\"modifiedOn\":\"2026-01-02T10:00:00.0000000Z\",\"isAttachedCompute\":false,"
  "\"disableLocalAuth\":true,\"properties\":{\"vmSize\":\"STANDARD_DS3_V2\","
  "\"subnet\":{\"id\":\"/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/net/"
  "providers/Microsoft.Network/virtualNetworks/vnet/subnets/default\"},"
  "\"applicationSharingPolicy\":\"Personal\",\"sshSettings\":{\"sshPublicAccess\":\"Enabled\","
  "\"adminUserName\":\"azureuser\",\"sshPort\":50001,"
  "\"adminPublicKey\":"
  "\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0c5n2GqV0o3W4T2Zx8mE7m0p5d8r3k6yQ1uB9aLfXs ann\"},"
  "\"applications\":[{\"displayName\":\"Jupyter\","
  "\"endpointUri\":\"https://ci.westeurope.instances.azureml.ms/tree/\"},"
  "{\"displayName\":\"Jupyter Lab\","
  "\"endpointUri\":\"https://ci.westeurope.instances.azureml.ms/lab\"},"
  "{\"displayName\":\"RStudio\",\"endpointUri\":\"https://ci-8787.westeurope.instances.azureml."
  "ms\"}],\"connectivityEndpoints\":{\"publicIpAddress\":\"10.0.0.1\","
  "\"privateIpAddress\":\"10.0.0.2\"},\"createdBy\":{\"userName\":\"Ann\","
  "\"userId\":\"10a1b2c3-0001-4000-8000-000000000001\","
  "\"userOrgId\":\"10a1b2c3-0002-4000-8000-000000000002\"},"
  "\"personalComputeInstanceSettings\":null,\"errors\":[],\"state\":\"Running\","
  "\"lastOperation\":{\"operationName\":\"Start\",\"operationTime\":\"2026-01-02T10:00:00.000Z\","
  "\"operationStatus\":\"Succeeded\",\"operationTrigger\":\"User\"},\"schedules\":null,"
  "\"idleTimeBeforeShutdown\":\"PT30M\",\"enableNodePublicIp\":true,\"customServices\":[],"
  "\"osImageMetadata\":{\"currentImageVersion\":\"26.01.05\",\"latestImageVersion\":\"26.01.05\","
  "\"isLatestOsImageVersion\":true}}}}";

static void show_instance(Connection *c, const char *name, int len) {
  char body[4096];
  int size = snprintf(body, sizeof body, INSTANCE, len, name, len, name);
  stats.gets++;
  add_head(c, "200 OK", "", (size_t)size);
  add(c, body, (size_t)size);
}

static void show_page(Connection *c, const char *target) {
  static char body[PAGE * 4096 + 1024];
  static const char link[] =
    ",\"nextLink\":\"%s://127.0.0.1:%d%.*s?api-version=2025-12-01&$skip=%ld\"";
  const char *skip = strstr(target, "skip=");
  long from = skip ? atol(skip + 5) : 0, to = from + PAGE < list_count ? from + PAGE : list_count;
  size_t len = (size_t)sprintf(body, "{\"value\":[");
  for (long i = from; i < to; i++) {
    char name[32];
    int n = snprintf(name, sizeof name, "ci%06ld", i);
    len += (size_t)sprintf(body + len, "%s", i > from ? "," : "");
    len += (size_t)sprintf(body + len, INSTANCE, n, name, n, name);
  }
  len += (size_t)sprintf(body + len, "]");
  if (to < list_count)
    len += (size_t)sprintf(body + len, link, scheme(), port, (int)strcspn(target, "?"), target, to);
  len += (size_t)sprintf(body + len, "}");
  stats.pages++;
  add_head(c, "200 OK", "", len);
  add(c, body, len);
}

static void grant_token(Connection *c) {
  static const char format[] =
    "{\"token_type\":\"Bearer\",\"expires_in\":86399,\"ext_expires_in\":86399,"
    "\"access_token\":\"%.1500s\"}";
  char body[4096];
  stats.tokens++;
  snprintf(body, sizeof body, format, signature);
  answer(c, "200 OK", "", body);
}

/* Take a start from the budget. Return 0 if there is none. */
static int has_budget(void) {
  double time = now();
  if (budget == 0) return 1;
  left += (time - filled_at) * refill;
  if (left > budget) left = budget;
  filled_at = time;
  if (left < 1) return 0;
  left -= 1;
  return 1;
}

static void throttle(Connection *c) {
  static const char body[] =
    "{\"error\":{\"code\":\"TooManyRequests\",\"message\":\"too many requests\"}}";
  char more[64];
  stats.throttled++;
  snprintf(more, sizeof more, "Retry-After: %g\r\n", retry_after);
  answer(c, "429 Too Many Requests", more, body);
}

static void begin(Connection *c) {
  char more[4096];
  if (!has_budget()) { throttle(c); return; }
  if (operation_count == MAX_OPERATIONS) operation_count = 0;
  Operation *operation = &operations[operation_count];
  operation->begun = now();
  operation->next = operation->begun + retry_after;
  stats.starts++;
  snprintf(more, sizeof more,
           "Azure-AsyncOperation: %s://127.0.0.1:%d"
           "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/providers"
           "/Microsoft.MachineLearningServices/locations/westeurope"
           "/mfeOperationsStatus/op-%zu?api-version=2025-12-01"
           "&t=639000000000000000&c=%s&s=%.342s&h=%.43s\r\nRetry-After: %g\r\n",
           scheme(), port, operation_count++, signature, signature, signature, retry_after);
  answer(c, "202 Accepted", more, "");
}

static void show_status(Connection *c, const char *id) {
  static const char running[] = "{\"status\":\"InProgress\",\"percentComplete\":50}";
  static const char done[] = "{\"status\":\"Succeeded\",\"percentComplete\":100}";
  char more[64];
  size_t i = strtoul(id, NULL, 10);
  double time = now();
  stats.polls++;
  if (i >= MAX_OPERATIONS) { answer(c, "404 Not Found", "", "{}"); return; }
  if (time < operations[i].next) stats.early++;
  operations[i].next = time + retry_after;
  snprintf(more, sizeof more, "Retry-After: %g\r\n", retry_after);
  if (time - operations[i].begun < takes) answer(c, "200 OK", more, running);
  else answer(c, "200 OK", "", done);
}

static void tell_stats(Connection *c) {
  char body[1024];
  double used = processor_seconds();
  long resumed = tls ? SSL_CTX_sess_hits(tls) : 0;
  snprintf(body, sizeof body,
           "{\"tokens\":%ld,\"gets\":%ld,\"pages\":%ld,\"starts\":%ld,\"polls\":%ld,"
           "\"early\":%ld,\"others\":%ld,\"connections\":%ld,\"open\":%ld,\"most_open\":%ld,"
           "\"throttled\":%ld,\"resumed\":%ld,\"cpu\":%.6f}",
           stats.tokens, stats.gets, stats.pages, stats.starts, stats.polls, stats.early,
           stats.others, stats.connections, stats.open, stats.most_open, stats.throttled,
           resumed - stats.resumed, used - stats.used);
  stats = (Stats){ .open = stats.open, .resumed = resumed, .used = used };
  left = budget;
  filled_at = now();
  answer(c, "200 OK", "", body);
}

/* -- requests ---------------------------------------------------------------------------------- */

static void route(Connection *c, const char *method, const char *target) {
  static const char unknown[] =
    "{\"error\":{\"code\":\"NotFound\",\"message\":\"no such thing here\"}}";
  static const char missing[] =
    "{\"error\":{\"code\":\"ResourceNotFound\",\"message\":\"no such instance here\"}}";
  const char *operation = strstr(target, "/mfeOperationsStatus/op-");
  const char *compute = strstr(target, "/computes");
  const char *name = compute && strncmp(compute, "/computes/", 10) == 0 ? compute + 10 : NULL;
  if (operation) show_status(c, operation + strlen("/mfeOperationsStatus/op-"));
  else if (strstr(target, "/oauth2/")) grant_token(c);
  else if (name && strncmp(name, "no-", 3) == 0) answer(c, "404 Not Found", "", missing);
  else if (name && *method == 'P') begin(c);
  else if (name) show_instance(c, name, (int)strcspn(name, "/?"));
  else if (compute) show_page(c, target);
  else if (strcmp(target, "/stats") == 0) tell_stats(c);
  else { stats.others++; answer(c, "404 Not Found", "", unknown); }
}

static size_t content_length(const char *head) {
  const char *line = strcasestr(head, "\r\ncontent-length:");
  return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* Answer one whole request and remove it from the buffer. Return 0 if there is none yet. */
static int serve_one(Connection *c) {
  c->in[c->in_len] = '\0';
  char *end = strstr(c->in, "\r\n\r\n");
  if (!end) return 0;
  size_t whole = (size_t)(end - c->in) + 4 + content_length(c->in);
  if (c->in_len < whole) return 0;
  char *target = strchr(c->in, ' ');
  *target++ = '\0';
  target[strcspn(target, " ")] = '\0';
  route(c, c->in, target);
  memmove(c->in, c->in + whole, c->in_len -= whole);
  return 1;
}

/* -- connections ------------------------------------------------------------------------------- */

/* Remove a connection from the queue of held replies. */
static void forget_held(Connection *c) {
  Connection **place = &held;
  if (c->due == 0) return;
  while (*place != c) place = &(*place)->next;
  *place = c->next;
  if (held_end == &c->next) held_end = place;
  c->next = NULL;
  c->due = 0;
}

static void hang_up(Connection *c) {
  forget_held(c);
  SSL_free(c->tls);
  close(c->fd);
  free(c->out);
  free(c);
  stats.open--;
}

static void wait_for(int epoll, Connection *c, unsigned events, int how) {
  struct epoll_event event = { .events = events, .data.ptr = c };
  if (epoll_ctl(epoll, how, c->fd, &event) != 0) abort();
}

/* Send bytes, or receive them. Return the count; 0 at the end of the connection; -1: with errno
   EAGAIN it must wait, else the connection is lost. */

static ssize_t tls_result(Connection *c, int n) {
  if (n > 0) return n;
  int error = SSL_get_error(c->tls, n);
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
  return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t transmit(Connection *c, const char *data, size_t len) {
  return c->tls ? tls_result(c, SSL_write(c->tls, data, (int)len))
                : send(c->fd, data, len, MSG_NOSIGNAL);
}

static ssize_t receive(Connection *c, char *data, size_t cap) {
  return c->tls ? tls_result(c, SSL_read(c->tls, data, (int)cap)) : recv(c->fd, data, cap, 0);
}

/* Send the pending output. Return 0 if the connection is lost. */
static int flush(int epoll, Connection *c) {
  while (c->sent < c->out_len) {
    ssize_t n = transmit(c, c->out + c->sent, c->out_len - c->sent);
    if (n < 0 && errno == EAGAIN) { wait_for(epoll, c, EPOLLOUT, EPOLL_CTL_MOD); return 1; }
    if (n < 0) return 0;
    c->sent += (size_t)n;
  }
  c->sent = c->out_len = 0;
  return 1;
}

static void readable(int epoll, Connection *c) {
  ssize_t n = receive(c, c->in + c->in_len, IN_CAP - 1 - c->in_len);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { hang_up(c); return; }
  c->in_len += (size_t)n;
  int is_new = c->out_len == 0;
  while (serve_one(c)) continue;
  if (hold > 0 && c->out_len > 0 && is_new) {      /* all are held equally long: a queue */
    c->due = now() + hold;
    *held_end = c;
    held_end = &c->next;
  } else if (c->due == 0 && !flush(epoll, c)) {
    hang_up(c);
  }
}

/* Send the held replies that are due. Return the milliseconds until the next; -1: there is none. */
static int release(int epoll) {
  while (held) {
    Connection *c = held;
    double wait = c->due - now();
    if (wait > 0) return (int)(wait * 1000) + 1;
    forget_held(c);
    if (!flush(epoll, c)) hang_up(c);
  }
  return -1;
}

static void writable(int epoll, Connection *c) {
  if (!flush(epoll, c)) hang_up(c);
  else if (c->out_len == 0) wait_for(epoll, c, EPOLLIN, EPOLL_CTL_MOD);
}

static void admit(int epoll, int listener) {
  static const int on = 1;
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0; ) {
    Connection *c = calloc(1, sizeof *c);
    if (!c) abort();
    c->fd = fd;
    if (tls && (!(c->tls = SSL_new(tls)) || !SSL_set_fd(c->tls, fd))) abort();
    if (tls) SSL_set_accept_state(c->tls);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wait_for(epoll, c, EPOLLIN, EPOLL_CTL_ADD);
    stats.connections++;
    if (++stats.open > stats.most_open) stats.most_open = stats.open;
  }
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1024) != 0) {
    perror("server");
    exit(1);
  }
  getsockname(fd, (struct sockaddr *)&address, &len);
  port = ntohs(address.sin_port);
  return fd;
}

static void open_tls(void) {
  tls = SSL_CTX_new(TLS_server_method());
  if (!tls || SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) != 1
      || !key || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "server: cannot use %s with its key\n", certificate);
    exit(1);
  }
  signal(SIGPIPE, SIG_IGN);      /* SSL_write has no MSG_NOSIGNAL */
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void serve(int epoll, int listener) {
  struct epoll_event ready[BATCH];
  for (;;) {
    int count = epoll_wait(epoll, ready, BATCH, release(epoll));
    for (int i = 0; i < count; i++) {
      Connection *c = ready[i].data.ptr;
      if (!c) admit(epoll, listener);
      else if (ready[i].events & EPOLLOUT) writable(epoll, c);
      else readable(epoll, c);
    }
  }
}

static void read_arguments(char **argv) {
  for (char **arg = argv + 1; arg[0] && arg[1]; arg += 2) {
    if (strcmp(arg[0], "--takes") == 0) takes = atof(arg[1]);
    if (strcmp(arg[0], "--retry-after") == 0) retry_after = atof(arg[1]);
    if (strcmp(arg[0], "--list") == 0) list_count = atol(arg[1]);
    if (strcmp(arg[0], "--hold") == 0) hold = atof(arg[1]) / 1000;
    if (strcmp(arg[0], "--budget") == 0) left = budget = atof(arg[1]);
    if (strcmp(arg[0], "--refill") == 0) refill = atof(arg[1]);
    if (strcmp(arg[0], "--certificate") == 0) certificate = arg[1];
    if (strcmp(arg[0], "--key") == 0) key = arg[1];
  }
}

int main(int argc, char **argv) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  (void)argc;
  read_arguments(argv);
  memset(signature, 'x', SIGNATURE);
  for (int i = 0; i < SIGNATURE; i += 37) signature[i] = letters[i % 64];
  operations = calloc(MAX_OPERATIONS, sizeof *operations);
  if (!operations) return 1;
  if (certificate) open_tls();
  int listener = listen_on_loopback(), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = { .events = EPOLLIN };      /* data.ptr NULL: the listener */
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  stats.used = processor_seconds();
  filled_at = now();
  printf("%d\n", port);
  fflush(stdout);
  serve(epoll, listener);
}
