/* aml.h: the whole face of the core. One Loop per owner (a Lua state); everything that takes time is an Op on it. Single-threaded.
   Client and Credential are counted references; who gets an Op owns it. Nothing here knows Lua. */
#ifndef AML_H
#define AML_H

#include <signal.h>
#include "error.h"
#include "lro.h"
#include "retry.h"
#include "trace.h"

#define AML_VERSION "0.1.0"

typedef struct Loop Loop;
typedef struct Client Client;
typedef struct Credential Credential;
typedef struct Op Op;
typedef struct Seen Seen;
typedef struct Question Question;

/* -- loop ---------------------------------------------------------------------------------------------------------------- */

typedef enum EventKind {
  EVENT_NONE,      /* the time given has passed, or a signal came */
  EVENT_OP,        /* there is news of op: accepted, polled (if asked for), or done */
  EVENT_WATCH,     /* fd, watched by loop_watch, is ready to be read */
  EVENT_QUESTION,  /* the core needs something of its owner: question_find(question), then question_answer */
  EVENT_SEEN,      /* a client that is observed sent something, or was answered: loop_take_seen */
  EVENT_IDLE       /* nothing is under way that could ever bring an event */
} EventKind;

typedef struct Event {
  EventKind kind;
  Op *op;          /* not the receiver's: whoever started it owns it */
  int fd;
  unsigned long question;      /* its id */
} Event;

Loop  *loop_new(void);                 /* NULL: no memory or no descriptors */
void   loop_free(Loop *loop);          /* after its ops, clients and credentials */
Event  loop_step(Loop *loop, double timeout, const sigset_t *mask);   /* at most one event. timeout in seconds, negative: until there is one.
                                                                         mask: the signals blocked while it waits, NULL leaves them */
void   loop_send(Loop *loop);          /* what was begun goes out now, not in the next loop_step */
int    loop_has_news(const Loop *loop);    /* the next loop_step gives an event at once */
double loop_now(const Loop *loop);     /* seconds on a clock that never goes back */
void   loop_virtual(Loop *loop, int on);   /* while nothing is in flight, jump to the next due time instead of waiting for it */
int    loop_watch(Loop *loop, int fd, int on);   /* 0, or -1 with errno */
int    loop_trace(Loop *loop, const char *path, Error *error);   /* a JSON line for each sending, appended to a file; "-": standard error.
                                                                    0, or -1 and ERROR_USAGE */
int    loop_forked(const Loop *loop);  /* it belongs to the parent process: do not use it here */

struct Seen {      /* one sending, as it went out or as it was answered */
  Seen *next;
  int   observer;  /* the client's */
  int   answered;
  TraceLine line;
};

Seen  *loop_take_seen(Loop *loop);     /* the oldest; NULL: there is none. The caller frees */
void   seen_free(Seen *seen);

/* -- questions ----------------------------------------------------------------------------------------------------------- */

/* What the core cannot do by itself it asks of its owner: EVENT_QUESTION brings an id, question_answer ends it, whenever the owner knows the
   answer. Meanwhile the loop turns on, and who needs the answer waits, each with a limit of his own. Fields that do not apply are left out. */
typedef enum QuestionKind {
  QUESTION_TOKEN,      /* An access token. scope; tenant_id: whose, where a client wants another; claims: JSON that a challenge demands.
                          Answer: text, expires_in, refresh_in */
  QUESTION_ASSERTION,  /* A signed JWT that stands for an application. client_id; audience: the token endpoint's URL. Answer: text */
  QUESTION_SHOW,       /* Something that a person must read now. message: the whole text; and, as parts of it, user_code, verification_uri and
                          expires_in (seconds) where it is a device code. Answer: nothing, once it is shown; that the person did as he was asked
                          the core finds out by itself. An error ends the sign-in */
  QUESTION_OPEN        /* A page that the person's browser is to show. url. Answer: nothing, once the browser was started; an error ends the
                          sign-in, so that its message tells the person what else to do */
} QuestionKind;

enum { MAX_QUESTION_FIELDS = 6 };

typedef struct QuestionField {
  const char *name;                    /* a constant text */
  const char *text;                    /* NULL: the number counts */
  double number;
} QuestionField;

struct Question {
  unsigned long id;                    /* from 1, never used twice */
  QuestionKind kind;
  int handler;                         /* whom the owner named when he made the credential; 0: nobody, he decides */
  QuestionField fields[MAX_QUESTION_FIELDS + 1];      /* end with a name of NULL */
};

typedef struct Answer {                /* borrowed during the call; of zeros: done as asked */
  const char *text;
  double expires_in, refresh_in;       /* seconds; 0: not known */
} Answer;

const Question *question_find(Loop *loop, unsigned long id);      /* NULL: nobody waits for the answer any more */
/* One of answer and error is NULL. ERROR_UNAVAILABLE: a chain may try its next link. Returns 0 if nobody waited for it any more. */
int question_answer(Loop *loop, unsigned long id, const Answer *answer, const Error *error);

/* -- credentials --------------------------------------------------------------------------------------------------------- */

typedef struct AuthorityOptions {      /* borrowed during the call */
  const char *authority;               /* "https://login.microsoftonline.com" */
  const char *tenant_id;
  const char *client_id;
  const char *ca_file;                 /* as in ClientOptions */
  const char *proxy;
  const char *const *allowed_tenants;  /* whose tokens it may fetch besides, if a client wants one; "*": any. Ends with NULL; NULL: none */
} AuthorityOptions;

typedef struct ProgramOptions {        /* of those that run az or azd; borrowed */
  const char *tenant_id, *subscription;      /* NULL: as it is set there; azd knows no subscription */
  double timeout;                      /* seconds; 0: 13 */
  int    uncached;                     /* keep nothing on disk */
} ProgramOptions;

typedef struct PersonOptions {         /* of those that sign a person in; borrowed */
  const char *login_hint;              /* "ann@example.org", for the browser's page; NULL */
  double timeout;                      /* seconds that the person may take; 0: 10 minutes, or as long as a code lives */
  int    handler;                      /* who answers what is asked of the loop's owner; 0: nobody is named */
  int    kept;                         /* as the login that credential_login goes on with */
  int    anew;                         /* whatever is kept: the person is asked first */
  int    uncached;                     /* keep nothing on disk */
} PersonOptions;

typedef struct ManagedOptions {        /* borrowed; at most one id: a user-assigned identity. None: the machine's own */
  const char *client_id, *object_id, *resource_id;
  int   probe;                         /* ask first whether anybody is there: for chains, on machines outside Azure */
  const char *arc_directory;           /* where Azure Arc puts its keys; NULL: where it does */
} ManagedOptions;

typedef struct CertificateOptions {    /* borrowed; one of path and data */
  const char *path;                    /* a file in PEM or PKCS#12, read anew for each token */
  const char *data;
  size_t      data_len;
  const char *password;                /* NULL: none */
  int         send_chain;
  const char *algorithm;               /* "PS256", "RS256"; NULL: what the authority takes */
} CertificateOptions;

typedef struct PipelinesOptions {      /* borrowed */
  const char *service_connection_id;
  const char *access_token;            /* NULL: SYSTEM_ACCESSTOKEN */
} PipelinesOptions;

/* All return a new reference, or NULL and an ERROR_USAGE error. */
Credential *credential_secret(Loop *loop, const AuthorityOptions *options, const char *client_secret, Error *error);
Credential *credential_certificate(Loop *loop, const AuthorityOptions *authority, const CertificateOptions *options, Error *error);
Credential *credential_assertion(Loop *loop, const AuthorityOptions *authority, int handler, const char *path, Error *error);   /* one of both */
Credential *credential_workload(Loop *loop, const AuthorityOptions *authority, const char *token_file, Error *error);   /* NULLs: as AZURE_* says */
Credential *credential_github(Loop *loop, const AuthorityOptions *authority, Error *error);                             /* the same */
Credential *credential_pipelines(Loop *loop, const AuthorityOptions *authority, const PipelinesOptions *options, Error *error);
Credential *credential_fixed(Loop *loop, const char *token, Error *error);
Credential *credential_function(Loop *loop, int handler, Error *error);      /* asks QUESTION_TOKEN each time */
Credential *credential_cli(Loop *loop, const ProgramOptions *options, Error *error);
Credential *credential_azd(Loop *loop, const ProgramOptions *options, Error *error);
Credential *credential_device(Loop *loop, const AuthorityOptions *options, const PersonOptions *person, Error *error);
Credential *credential_browser(Loop *loop, const AuthorityOptions *options, const PersonOptions *person, Error *error);
Credential *credential_refresh(Loop *loop, const AuthorityOptions *options, const char *refresh_token, Error *error);
Credential *credential_login(Loop *loop, const AuthorityOptions *options, Error *error);   /* goes on with a kept one; tenant_id and client_id
                                                                                              are ignored */
Credential *credential_managed(Loop *loop, const ManagedOptions *options, Error *error);
Credential *credential_environment(Loop *loop, const AuthorityOptions *authority, Error *error);   /* tenant_id and client_id are ignored */
Credential *credential_chain(Loop *loop, Credential **links, size_t count, Error *error);        /* takes references of its own */

Credential *credential_ref(Credential *credential);
void        credential_unref(Credential *credential);
const char *credential_kind(const Credential *credential);       /* "client_secret" */
const char *credential_principal(const Credential *credential);  /* who, as far as it is known; never secret */
const Credential *credential_served(const Credential *credential);   /* itself; of a chain, the link that brought its token, NULL: none has */
double      credential_expires_in(const Credential *credential);     /* seconds that the token in hand lives; 0: there is none */
char       *credential_claim(const Credential *credential, const char *name);   /* what the token in hand says of its owner ("oid"); NULL:
                                                                                   none yet, or it cannot be read. The caller frees */

/* -- clients ------------------------------------------------------------------------------------------------------------- */

typedef struct ClientOptions {         /* borrowed during the call; zeros are the defaults */
  const char *endpoint;                /* "https://management.azure.com" */
  Credential *credential;              /* NULL: anonymous */
  const char *scope;                   /* what its token is for; needed with a credential */
  const char *tenant_id;               /* whose token, where it is not the credential's own tenant; NULL */
  const char *user_agent;
  const char *ca_file;                 /* instead of the system's authorities */
  const char *proxy;                   /* NULL: as the environment says; "": none */
  const char *const *allow_hosts;      /* more origins that a server may send us to; ends with NULL */
  double connect_timeout;              /* seconds; 10 */
  double request_timeout;              /* seconds, of one sending; 100 */
  double poll_interval;                /* seconds between polls, negative: 1 s, x 1.5, at most 10 s */
  size_t max_reply;                    /* bytes after decompression; 16 MiB */
  RetryPolicy retry;
  int    cookies;                      /* keep those that a server sets, and send them */
  int    observer;                     /* for EVENT_SEEN; 0: nobody looks */
} ClientOptions;

void    client_defaults(ClientOptions *options);
Client *client_new(Loop *loop, const ClientOptions *options, Error *error);   /* NULL: ERROR_USAGE */
Client *client_ref(Client *client);
void    client_unref(Client *client);
const char *client_endpoint(const Client *client);
long    client_remaining(const Client *client, const char *url, const char *method);   /* of the throttling budget; -1: not known */

/* -- operations ---------------------------------------------------------------------------------------------------------- */

typedef struct Request {               /* borrowed during the call */
  const char *method;
  const char *url;                     /* a path on the client's endpoint, escaped already, or an absolute URL on an allowed origin */
  const char *const *headers;          /* "Name: value", ends with NULL; may be NULL */
  const char *body;
  size_t      body_len;
  double      timeout;                 /* seconds for all sendings until the service has answered; 0: as many as the policy tries */
  int         cautious;                /* repeat it only after a refusal that proves that nothing ran,
                                          unless the policy's methods were given */
  int         follow;                  /* a long-running operation: poll it to its end */
  FinalState  final_state;
  const char *label;                   /* "start ci-ann", for people; NULL: method and path */
  const Lro  *resume;                  /* go on polling this one instead of sending; copied */
  const char *request_id;              /* NULL: a new GUID */
  int         token_only;              /* send nothing: it is over once there is a token */
  unsigned long within;                /* the question in whose answering it is sent, 0: none. It does not wait for that answer, but fails */
} Request;

Op    *op_request(Client *client, const Request *request, Error *error);   /* under way; or NULL: ERROR_USAGE */
Op    *op_sleep(Loop *loop, double seconds);
void   op_free(Op *op);                /* lets it go wherever it is; NULL is fine */
int    op_accepted(const Op *op);      /* the service has taken it on (and op_done says whether it is over) */
int    op_done(const Op *op);
const Error *op_error(const Op *op);   /* once done: NULL if it went well; before: the trouble of the last poll, or NULL */
const Reply *op_reply(const Op *op);   /* the last reply of the request, or of the final GET */
int    op_first_reply(const Op *op, Reply *first);   /* of a followed operation: what accepted it, less the headers, as long as the
                                                        operation lives; 0: it was not accepted yet */
const Lro   *op_lro(const Op *op);     /* of a followed operation, else NULL */
const Lro   *op_polled(const Op *op);  /* of one that has a status to ask for, else NULL */
const char  *op_request_id(const Op *op);
int    op_polls(const Op *op);
int    op_waits_for(const Op *op, unsigned long question);   /* for a token that hangs on the answer to that question */
void   op_watch_polls(Op *op, int on); /* each poll is an event too */
void   op_hold(Op *op, int on);        /* no poll until op_poll_now, because its owner has a cheaper way to see whether it may be over */
void   op_poll_now(Op *op);            /* poll one that is held once, never before it is due: what Retry-After asks for is kept to */
double op_next_poll(const Op *op, int *paced);   /* seconds until it is due; negative: no poll is waited for. paced: the service said when */
char  *op_describe(const Op *op);      /* "start ci-ann: polling, 3rd time, next in 4 s"; the caller frees */

/* What an Op carries for its owner; the core never looks at it. */
void   op_set_owner(Op *op, void *owner);
void  *op_owner(const Op *op);

#endif
