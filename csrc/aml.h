/* aml.h: the face of the core: all that the border (lua_*.c) may use of it. Nothing here knows Lua.

   A Loop does the waiting: for sockets, timers and child processes. Whatever takes time is an Op
   on a loop. Each Lua state has one loop, and a loop and all that hangs on it belong to one thread.
   "The owner" below is the program that created the loop: the border.

   Who owns what:
   - loop_new gives the loop to the owner, who frees it last: after its ops, clients, credentials.
   - Client and Credential count references. The *_new and credential_* constructors return a new
     reference; *_ref adds one, *_unref drops one.
   - The caller of op_request or op_sleep owns the Op and ends it with op_free. An Op keeps a
     reference to its client, a client keeps one to its credential. The same holds for a Stream:
     stream_open and stream_free.
   - Structs of options, Request, Upgrade and Answer are borrowed during the call: the core copies
     what it keeps.
   - A pointer that a function returns belongs to the object it was asked of, unless the comment
     says that the caller frees it.

   Times are seconds. A function that takes an Error sets it when it fails, unless memory ran out;
   the caller passes one of zeros and releases it by error_clear. */
#ifndef AML_H
#define AML_H

#include <signal.h>
#include "error.h"
#include "lro.h"
#include "retry.h"
#include "trace.h"
#include "traffic.h"

#define AML_VERSION "0.1.0"

typedef struct Loop Loop;
typedef struct Client Client;
typedef struct Credential Credential;
typedef struct Op Op;
typedef struct Stream Stream;
typedef struct Seen Seen;
typedef struct Question Question;

/* -- loop -------------------------------------------------------------------------------------- */

typedef enum EventKind {
  EVENT_NONE,      /* the timeout has passed, or a signal arrived */
  EVENT_OP,        /* op was accepted, has polled (see op_watch_polls), or is done */
  EVENT_STREAM,    /* stream is open, has bytes to read, has sent all, or is over */
  EVENT_WATCH,     /* fd, watched by loop_watch, is ready */
  EVENT_QUESTION,  /* the core needs an answer: question_find(question), then question_answer */
  EVENT_SEEN,      /* an observed client sent a request or received a reply: loop_take_seen */
  EVENT_IDLE       /* nothing is running that could ever bring an event */
} EventKind;

typedef struct Event {
  EventKind kind;
  Op *op;                      /* borrowed: the caller that started it owns it */
  Stream *stream;              /* borrowed in the same way */
  int fd;                      /* -1 when there is none */
  unsigned long question;      /* the question's id */
} Event;

/* Create a loop. Return NULL when memory or descriptors run out. */
Loop *loop_new(void);

/* Free the loop. Free its ops, clients and credentials first. */
void loop_free(Loop *loop);

/* Return the next event, and run the loop until there is one, at most `timeout` seconds.
   A negative timeout sets no limit. mask: the signals to block while the loop waits;
   NULL keeps the thread's own mask. */
Event loop_step(Loop *loop, double timeout, const sigset_t *mask);

/* Send what the owner has started now, without waiting for the next loop_step. */
void loop_send(Loop *loop);

/* Return 1 when the next loop_step returns an event without waiting. */
int loop_has_news(const Loop *loop);

/* Return the seconds on the loop's clock, which never goes back. */
double loop_now(const Loop *loop);

/* Write a random version 4 GUID, which names a request. */
void loop_guid(Loop *loop, char out[37]);

/* Turn virtual time on or off. Virtual time stands still while the program computes. Where the loop
   would wait, the clock jumps to the next due time; while something is in flight, the loop waits
   first. */
void loop_virtual(Loop *loop, int on);

typedef enum LoopWatch { LOOP_WATCH_NOTHING, LOOP_WATCH_INPUT, LOOP_WATCH_OUTPUT } LoopWatch;

/* Start or stop watching a descriptor of the owner: until there is input, or room for output.
   Return 0, or -1 with errno. */
int loop_watch(Loop *loop, int fd, LoopWatch what);

/* Append one JSON line per request sent to the file at path; "-" is standard error.
   Return 0, or -1 and ERROR_USAGE. */
int loop_trace(Loop *loop, const char *path, Error *error);

/* Show what every client sends and receives, except for tokens, to the observer of this number from
   now on: its entries have a Recorded. 0: stop. */
void loop_record(Loop *loop, int observer);

/* Return the counts of all requests of this loop. */
Traffic *loop_traffic(Loop *loop);

/* Return 1 when the loop belongs to the parent of this process, which must not use it. */
int loop_forked(const Loop *loop);

/* What an observed client did: sent a request, or received the reply to it. */
struct Seen {
  Seen *next;
  int   observer;      /* ClientOptions.observer of that client */
  int   answered;      /* 0: sent; 1: the reply came, or the request failed */
  TraceLine line;
  Recorded recorded;   /* for the recorder alone: else its texts are NULL */
};

/* Take the oldest entry out of the loop; NULL: there is none. The caller frees it: seen_free. */
Seen *loop_take_seen(Loop *loop);
void  seen_free(Seen *seen);

/* -- questions --------------------------------------------------------------------------------- */

/* The core asks its owner for what it cannot do itself. EVENT_QUESTION brings the id of a
   question; question_answer ends it, now or later. The loop keeps running meanwhile, and each
   operation that needs the answer waits for it within its own time limit. */

/* For each kind: the fields of the question, then what the answer must hold. A field that does
   not apply is absent. */
typedef enum QuestionKind {
  /* Ask for an access token.
     scope; tenant_id: the tenant to issue it, when the client wants another one; claims: JSON
     that a challenge of the service demands.
     Answer: text, expires_in, refresh_in. */
  QUESTION_TOKEN,

  /* Ask for a signed JWT that proves an application's identity.
     client_id; audience: the token endpoint's URL.
     Answer: text. */
  QUESTION_ASSERTION,

  /* Ask to show a text to the user now.
     message: the whole text; for a device code also its parts user_code, verification_uri and
     expires_in (seconds).
     Answer: empty, once the text is shown. The core finds out by itself when the user has signed
     in. An error ends the sign-in. */
  QUESTION_SHOW,

  /* Ask to open a page in the user's browser.
     url.
     Answer: empty, once the browser has started. An error ends the sign-in; its message tells the
     user what else to do. */
  QUESTION_OPEN
} QuestionKind;

enum { MAX_QUESTION_FIELDS = 6 };

typedef struct QuestionField {
  const char *name;      /* a string constant */
  const char *text;      /* NULL: the field is a number */
  double number;
} QuestionField;

struct Question {
  unsigned long id;      /* counts from 1; the loop never repeats it */
  QuestionKind kind;
  int handler;           /* as given to the credential's constructor; 0: the owner chooses */
  QuestionField fields[MAX_QUESTION_FIELDS + 1];      /* the last has the name NULL */
};

typedef struct Answer {
  const char *text;
  double expires_in;     /* seconds; 0: not known */
  double refresh_in;     /* seconds; 0: not known */
} Answer;

/* Return an open question; NULL: it is answered, or its operation no longer needs the answer. */
const Question *question_find(Loop *loop, unsigned long id);

/* Answer a question. Give either answer or error and NULL for the other. With ERROR_UNAVAILABLE a
   chain tries its next credential. Return 1, or 0 when the question is no longer open. */
int question_answer(Loop *loop, unsigned long id, const Answer *answer, const Error *error);

/* -- credentials: options ---------------------------------------------------------------------- */

typedef struct AuthorityOptions {
  const char *authority;               /* "https://login.microsoftonline.com" */
  const char *tenant_id;
  const char *client_id;
  const char *ca_file;                 /* as in ClientOptions */
  const char *proxy;                   /* as in ClientOptions */
  const char *const *allowed_tenants;  /* more tenants whose tokens a client may ask for; "*": any;
                                          ends with NULL; NULL: no other */
} AuthorityOptions;

/* For credentials that run az or azd. */
typedef struct ProgramOptions {
  const char *tenant_id;               /* NULL: the program's default */
  const char *subscription;            /* NULL: the program's default; azd has no such option */
  double timeout;                      /* seconds; 0: 13 */
  int    uncached;                     /* keep no token on disk */
} ProgramOptions;

/* For credentials that sign a user in. */
typedef struct PersonOptions {
  const char *login_hint;              /* "ann@example.org", for the browser's page; NULL: none */
  double timeout;                      /* seconds the user may take; 0: 10 minutes in the browser,
                                          the lifetime of a device code */
  int    handler;                      /* passed on in Question.handler; 0: the owner chooses */
  int    kept;                         /* save it as the login that credential_login uses */
  int    ask_first;                    /* ask the user first, even if a saved login exists */
  int    uncached;                     /* keep no token on disk */
} PersonOptions;

/* At most one id, which names a user-assigned identity. Without an id: the machine's own. */
typedef struct ManagedOptions {
  const char *client_id;
  const char *object_id;
  const char *resource_id;
  int   probe;                         /* first test whether the endpoint exists: for chains, which
                                          also run outside Azure */
  const char *arc_directory;           /* the directory of Azure Arc's keys; NULL: Arc's default */
} ManagedOptions;

/* Give either path or data. */
typedef struct CertificateOptions {
  const char *path;                    /* a PEM or PKCS#12 file, read again for each token */
  const char *data;
  size_t      data_len;
  const char *password;                /* NULL: none */
  int         send_chain;              /* send the chain of certificates with each assertion */
  const char *algorithm;               /* "PS256" or "RS256"; NULL: PS256, for AD FS RS256 */
} CertificateOptions;

typedef struct PipelinesOptions {
  const char *service_connection_id;
  const char *access_token;            /* NULL: the variable SYSTEM_ACCESSTOKEN */
} PipelinesOptions;

/* -- credentials: constructors ----------------------------------------------------------------- */

/* Each returns a new reference, or NULL and ERROR_USAGE. A credential fetches nothing before a
   client needs a token. */

Credential *credential_secret(Loop *loop, const AuthorityOptions *authority,
                              const char *client_secret, Error *error);

Credential *credential_certificate(Loop *loop, const AuthorityOptions *authority,
                                   const CertificateOptions *options, Error *error);

/* Prove an application's identity by a JWT of another issuer. Give either a handler, which
   QUESTION_ASSERTION names (path NULL), or the path of a file that holds the JWT (handler 0). */
Credential *credential_assertion(Loop *loop, const AuthorityOptions *authority, int handler,
                                 const char *path, Error *error);

/* Get tokens for a workload in Kubernetes. Values that are NULL come from AZURE_TENANT_ID,
   AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE. */
Credential *credential_workload(Loop *loop, const AuthorityOptions *authority,
                                const char *token_file, Error *error);

/* Get tokens for a workflow of GitHub Actions. Values that are NULL come from AZURE_TENANT_ID and
   AZURE_CLIENT_ID. */
Credential *credential_github(Loop *loop, const AuthorityOptions *authority, Error *error);

Credential *credential_pipelines(Loop *loop, const AuthorityOptions *authority,
                                 const PipelinesOptions *options, Error *error);

/* Always use the same token. */
Credential *credential_fixed(Loop *loop, const char *token, Error *error);
/* Always use the token in the variable AZUREML_TOKEN. */
Credential *credential_token_variable(Loop *loop, Error *error);

/* Ask QUESTION_TOKEN for each token. */
Credential *credential_function(Loop *loop, int handler, Error *error);

Credential *credential_cli(Loop *loop, const ProgramOptions *options, Error *error);
Credential *credential_azd(Loop *loop, const ProgramOptions *options, Error *error);

Credential *credential_device(Loop *loop, const AuthorityOptions *authority,
                              const PersonOptions *person, Error *error);

Credential *credential_browser(Loop *loop, const AuthorityOptions *authority,
                               const PersonOptions *person, Error *error);

Credential *credential_refresh(Loop *loop, const AuthorityOptions *authority,
                               const char *refresh_token, Error *error);

/* Use the saved login. Ignore tenant_id and client_id. */
Credential *credential_login(Loop *loop, const AuthorityOptions *authority, Error *error);

Credential *credential_managed(Loop *loop, const ManagedOptions *options, Error *error);

/* Choose by the AZURE_* variables. Ignore tenant_id and client_id. */
Credential *credential_environment(Loop *loop, const AuthorityOptions *authority, Error *error);

/* Try `count` credentials in turn. The chain adds its own references to them. */
Credential *credential_chain(Loop *loop, Credential **links, size_t count, Error *error);

/* -- credentials: references and looks --------------------------------------------------------- */

Credential *credential_ref(Credential *credential);
void        credential_unref(Credential *credential);

/* Return the kind's name, such as "client_secret". */
const char *credential_kind(const Credential *credential);

/* Return a name of the identity, as far as it is known; never a secret. "" when it is not. */
const char *credential_principal(const Credential *credential);

/* Return the credential that brought the token: itself, or the link of a chain.
   NULL: no link has brought a token yet. */
const Credential *credential_served(const Credential *credential);

/* Return how many seconds its longest-lived token stays valid. 0: there is no valid token;
   negative: the expiry of the token is not known. */
double credential_expires_in(const Credential *credential);

/* Return a claim of its token, such as "oid". The caller frees it.
   NULL: there is no token yet, or the claim cannot be read. */
char *credential_claim(const Credential *credential, const char *name);

/* -- clients ----------------------------------------------------------------------------------- */

/* client_defaults fills in the defaults, which stand in the comments. */
typedef struct ClientOptions {
  const char *endpoint;                /* "https://management.azure.com" */
  Credential *credential;              /* NULL: send no token */
  const char *scope;                   /* the scope of its tokens; required with a credential */
  const char *tenant_id;               /* the tenant that issues them; NULL: the credential's own */
  const char *user_agent;              /* NULL: "azureml-lua/" and the version */
  const char *ca_file;                 /* a bundle, or a directory with hashed names, instead of
                                          the system's certificate authorities; NULL */
  const char *proxy;                   /* NULL: the environment's; "": no proxy */
  const char *const *allow_hosts;      /* more origins, or host names for https, that a server may
                                          point to; ends with NULL; NULL: no other */
  double connect_timeout;              /* seconds; 10 */
  double request_timeout;              /* seconds for each request sent; 100 */
  double poll_interval;                /* seconds between polls; -1: from 1 s, x 1.5, to 10 s */
  size_t max_reply;                    /* bytes after decompression; 16 MiB */
  RetryPolicy retry;                   /* retry_default */
  int    cookies;                      /* 1: keep the servers' cookies and send them back */
  int    observer;                     /* copied to Seen.observer; 0: no EVENT_SEEN */
} ClientOptions;

void client_defaults(ClientOptions *options);

/* Create a client. Return NULL and ERROR_USAGE when the options are wrong. */
Client *client_new(Loop *loop, const ClientOptions *options, Error *error);
Client *client_ref(Client *client);
void    client_unref(Client *client);

const char *client_endpoint(const Client *client);

/* Return how many requests the throttling budget still allows, as the service said last;
   -1: not known. */
long client_remaining(const Client *client, const char *url, const char *method);

/* -- operations: starting and freeing ---------------------------------------------------------- */

typedef struct Request {
  const char *method;
  const char *url;                     /* an escaped path on the client's endpoint, or an absolute
                                          URL on an allowed origin */
  const char *const *headers;          /* "Name: value", ends with NULL; NULL: no more headers */
  const char *body;
  size_t      body_len;
  double      timeout;                 /* seconds until the service has answered, retries included;
                                          0: only the retry policy limits them */
  int         cautious;                /* repeat it only after a refusal that proves that nothing
                                          ran, unless the policy's methods were given */
  int         follow;                  /* a long-running operation: poll it to its end */
  FinalState  final_state;
  const char *poll_query;              /* "api-version=1": added to each URL to poll that lacks its
                                          parameters; NULL: nothing */
  const char *label;                   /* "start ci-ann", for people; NULL: method and path */
  const char *subject;                 /* the rest of the label, such as "ci-ann"; NULL: none */
  const Lro  *resume;                  /* poll this operation and send no first request; copied */
  const char *request_id;              /* NULL: a new GUID */
  int         token_only;              /* send nothing: the operation ends when there is a token */
  unsigned long within;                /* the question whose handler sends this request; 0: none.
                                          If the request needs that question's answer, it fails
                                          instead of waiting for itself */
} Request;

/* Start a request. Return NULL and ERROR_USAGE when the request is wrong. */
Op *op_request(Client *client, const Request *request, Error *error);

/* Start a sleep. Return NULL when memory runs out. */
Op *op_sleep(Loop *loop, double seconds);

/* Free an operation; if it is running, abandon it first. NULL does nothing. */
void op_free(Op *op);

/* -- operations: looking ----------------------------------------------------------------------- */

/* Return 1 when the service has accepted the request, and also when the operation is done. */
int op_accepted(const Op *op);
int op_done(const Op *op);

/* Return 1 while the request is on its way and its answer has not come: the service may act on it.
   Return 0 before it is sent, and while it waits to be repeated after a refusal. */
int op_unanswered(const Op *op);

/* Return the error of an operation that failed; NULL: it succeeded.
   Before the end: the error of the last poll, or NULL. */
const Error *op_error(const Op *op);

/* Return the last reply to the request, or to the GET of its result. */
const Reply *op_reply(const Op *op);

/* Copy the reply that accepted a followed operation into first, without headers. Its body still
   belongs to the operation. Return 1, or 0 when no reply has accepted the operation yet. */
int op_first_reply(const Op *op, Reply *first);

/* Return the last status word of a followed operation; NULL: none yet. */
const char *op_status(const Op *op);

/* Return 1 when a followed operation has a URL to poll. */
int op_is_polled(const Op *op);

/* Tell how far an operation has got that has a URL to poll: what another process needs to go on.
   The texts are borrowed, but poll_url: the caller frees it. Return 0 when it has no such URL, or
   memory is short. */
int op_progress(const Op *op, Lro *progress);

const char *op_request_id(const Op *op);

/* Return how many polls have succeeded. */
int op_polls(const Op *op);

/* Return 1 when the operation waits for a token that depends on the answer to a question. */
int op_waits_for(const Op *op, unsigned long question);

/* Return the seconds until the next poll; negative: no poll is planned.
   *paced becomes 1 when the service chose the time. */
double op_next_poll(const Op *op, int *paced);

/* Return "start ci-ann: polling, 3rd time, next in 4 s". The caller frees it. */
char *op_describe(const Op *op);

/* -- operations: steering ---------------------------------------------------------------------- */

/* Make each poll an event, or stop that. */
void op_watch_polls(Op *op, int on);

/* Hold back polls until op_poll_now. An owner that can see the end more cheaply, such as in a list
   of all instances, saves polls in this way. */
void op_hold(Op *op, int on);

/* Let a held operation poll once, but never before the poll is due: Retry-After is obeyed. */
void op_poll_now(Op *op);

/* Attach a pointer for the operation's owner. The core never looks at it. */
void  op_set_owner(Op *op, void *owner);
void *op_owner(const Op *op);

/* -- streams ----------------------------------------------------------------------------------- */

/* A Stream is a connection that was opened as a websocket. From then on its bytes, which are
   frames, belong to the owner. Token, proxy, certificate authorities and limits are those of the
   client. It takes in 256 KiB at most ahead of its owner. */

typedef struct Upgrade {
  const char *url;                     /* as in Request */
  const char *const *headers;          /* "Name: value", ends with NULL; NULL: no more headers */
  double      timeout;                 /* seconds until the server has agreed; a token that must be
                                          fetched first takes its own time */
  unsigned long within;                /* as in Request */
} Upgrade;

/* Open a stream. Return NULL and ERROR_USAGE when the request is wrong. */
Stream *stream_open(Client *client, const Upgrade *upgrade, Error *error);

/* Close the connection, without a farewell, and free the stream. NULL does nothing. */
void stream_free(Stream *stream);

/* Let the server close the connection, for a second at most: the owner has said farewell. The core
   frees the stream. NULL does nothing. */
void stream_leave(Stream *stream);

/* Return 1 when the server has agreed, also when the stream is over since. */
int stream_is_open(const Stream *stream);

/* Return why the stream is over; NULL: it is not. What came before can still be read. */
const Error *stream_error(const Stream *stream);

/* Return the bytes that came, and look for some if there are none; NULL: the server has not agreed
   yet. The owner takes bytes out by buf_drop or buf_reset, and calls stream_go_on afterwards. */
Buf *stream_came(Stream *stream);

/* Take in more, after the owner has taken bytes out. */
void stream_go_on(Stream *stream);

/* Send bytes. They are copied and leave as soon as they can. The stream is over when the server
   lets more than 4 MiB wait. */
void stream_write(Stream *stream, const char *data, size_t len);

/* Return how many bytes still wait to be sent. */
size_t stream_unsent(const Stream *stream);

/* Return 1 when the stream waits for a token that depends on the answer to a question. */
int stream_waits_for(const Stream *stream, unsigned long question);

#endif
