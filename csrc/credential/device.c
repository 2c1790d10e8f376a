/* device.c: sign a person in with a code that the person enters in a browser on another machine.
   person.c keeps the tokens. Source: spec/contract/auth.md, section 8; RFC 8628. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "credential/life.h"
#include "credential/person.h"
#include "loop.h"
#include "question.h"
#include "text.h"

static const double INTERVAL = 5, SLOWER = 5, LIFE = 900, LONGEST = 60;      /* seconds */

typedef struct Device {
  SignIn *sign_in;
  Op     *op;              /* the request for a code */
  char   *code;            /* secret; NULL: not received yet */
  double  interval, ends_at;
  Timer   timer;
} Device;

static Device *device_of(Timer *timer) { return container_of(timer, Device, timer); }

/* -- polling ----------------------------------------------------------------------------------- */

static void poll(Timer *timer);

static void poll_later(Device *device) {
  Loop *loop = sign_in_loop(device->sign_in);
  loop_timer(loop, &device->timer, loop_now(loop) + device->interval, poll);
}

/* Return 1 for an error that does not tell how the person answered: poll again. */
static int is_transient(const Error *error) {
  return error->kind == ERROR_TRANSPORT || error->status == 408 || error->status == 429
         || error->status >= 500;
}

static const char declined[] = "the person declined the sign-in";
static const char expired[] = "the code was not entered in time: begin again";

static const struct { const char *code; const char *words; } ends[] = {
  { "authorization_declined", declined },
  { "access_denied", declined },
  { "expired_token", expired },
  { "code_expired", expired },
};

static void refused(Device *device, const Error *error) {
  for (size_t i = 0; error->code && i < sizeof ends / sizeof *ends; i++) {
    if (strcmp(error->code, ends[i].code) != 0) continue;
    sign_in_fail_as(device->sign_in, error->code, ends[i].words);
    return;
  }
  sign_in_fail(device->sign_in, error);
}

/* Read the answer to a poll: pass on a token, poll again, or fail. */
static void polled(Fetch *part, const Grant *grant, const Error *error) {
  SignIn *sign_in = container_of(part, SignIn, part);
  Device *device = sign_in->work;
  int slower = error && error->code && strcmp(error->code, "slow_down") == 0;
  int pending = error && error->code && strcmp(error->code, "authorization_pending") == 0;
  if (slower) device->interval += SLOWER;      /* for all further polls */
  if (grant) sign_in_granted(sign_in, grant);
  else if (slower || pending || is_transient(error)) poll_later(device);
  else refused(device, error);
}

static void poll(Timer *timer) {
  Device *device = device_of(timer);
  SignIn *sign_in = device->sign_in;
  Buf form = { 0 };
  if (loop_now(sign_in_loop(sign_in)) >= device->ends_at) {
    sign_in_fail_as(sign_in, "expired_token", expired);
    return;
  }
  form_begin(&form, sign_in->person->endpoint, "urn:ietf:params:oauth:grant-type:device_code");
  form_add(&form, "device_code", device->code);
  sign_in->part = fetch_part(sign_in->asked, sign_in->asked->credential, polled);
  endpoint_ask(sign_in->person->endpoint, &form, &sign_in->part);
}

/* -- code -------------------------------------------------------------------------------------- */

static double seconds_in(const json_t *answer, const char *name, double fallback) {
  double seconds = life_seconds(answer, name);
  return seconds > 0 && seconds < 1e6 ? seconds : fallback;
}

static void shown(Fetch *asked, const Answer *answer, const Error *error) {
  SignIn *sign_in = asked->work;
  (void)answer;
  if (error) sign_in_fail(sign_in, error);
  else poll_later(sign_in->work);
}

/* Show the code to the person. The texts come from a server: cut each to a line without control
   characters. */
static void show(SignIn *sign_in, const char *code, const char *url, const char *message,
                 double life) {
  static const char form[] = "To sign in, open the page %s in a web browser and enter the code %s.";
  char *text = message ? text_copy(message) : text_format(form, url, code);
  char *line = text ? text_line(text, strlen(text), 1024) : NULL;
  char *code_line = text_line(code, strlen(code), 64);
  char *url_line = text_line(url, strlen(url), 256);
  const QuestionField fields[] = {
    { "message", line, 0 }, { "user_code", code_line, 0 }, { "verification_uri", url_line, 0 },
    { "expires_in", NULL, life }, { NULL, NULL, 0 }
  };
  int shows = line && code_line && url_line
    && question_ask(sign_in->asked, QUESTION_SHOW, sign_in->person->handler, fields, shown);
  free(text);
  free(line);
  free(code_line);
  free(url_line);
  if (!shows) sign_in_fail_for_memory(sign_in);
}

static void read_code(SignIn *sign_in, const json_t *answer) {
  Device *device = sign_in->work;
  const char *code = json_string_value(json_object_get(answer, "device_code"));
  const char *user_code = json_string_value(json_object_get(answer, "user_code"));
  const char *message = json_string_value(json_object_get(answer, "message"));
  const char *url = json_string_value(json_object_get(answer, "verification_uri"));
  double life = seconds_in(answer, "expires_in", LIFE);
  if (!url) url = json_string_value(json_object_get(answer, "verification_url"));
  if (!code || !*code || !user_code || !url) {
    sign_in_fail_as(sign_in, "InvalidDeviceAnswer",
                    "the endpoint's answer has no device_code, user_code or verification_uri");
    return;
  }
  device->code = text_copy(code);
  if (!device->code) {
    sign_in_fail_for_memory(sign_in);
    return;
  }
  device->interval = seconds_in(answer, "interval", INTERVAL);
  if (device->interval > LONGEST) device->interval = LONGEST;
  double timeout = sign_in->person->timeout;
  if (timeout <= 0 || timeout > life) timeout = life;
  device->ends_at = loop_now(sign_in_loop(sign_in)) + timeout;
  show(sign_in, user_code, url, message, life);
}

static void answered(Op *op, void *context) {
  SignIn *sign_in = context;
  Error error = { 0 };
  if (op_error(op)) {
    error_copy(&error, op_error(op));
    if (error.kind == ERROR_HTTP) error.kind = ERROR_CREDENTIAL;
    sign_in_fail(sign_in, &error);
    error_clear(&error);
    return;
  }
  const Buf *body = &op_reply(op)->body;
  json_t *answer = body_json(body);
  read_code(sign_in, answer);
  json_decref(answer);
}

static void ask(SignIn *sign_in) {
  Device *device = calloc(1, sizeof *device);
  Error error = { 0 };
  Buf form = { 0 };
  if (!device) {
    sign_in_fail_for_memory(sign_in);
    return;
  }
  device->sign_in = sign_in;
  sign_in->work = device;
  char *url = endpoint_page(sign_in->person->endpoint, "devicecode");
  form_add(&form, "client_id", endpoint_client_id(sign_in->person->endpoint));
  form_add_scope(&form, sign_in->asked);
  device->op = endpoint_post(sign_in->person->endpoint, url, &form, answered, sign_in, &error);
  free(url);
  if (!device->op) sign_in_fail(sign_in, &error);
  error_clear(&error);
}

static void cancel(SignIn *sign_in) {
  Device *device = sign_in->work;
  if (!device) return;
  loop_timer_stop(sign_in_loop(sign_in), &device->timer);
  op_free(device->op);
  text_wipe(device->code);
  free(device);
  sign_in->work = NULL;
}

static const PersonKind person_kind = {
  .name = "device_code", .means = "a code", .ask = ask, .cancel = cancel
};

static const CredentialKind kind = {
  .name = "device_code", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear
};

Credential *credential_device(Loop *loop, const AuthorityOptions *options,
                              const PersonOptions *person, Error *error) {
  return person_new(loop, &kind, &person_kind, options, person, error);
}
