/* browser.c: sign a person in with a browser on this machine: ask for an authorization code with
   PKCE, which the browser delivers to a port that loopback.c opens. person.c keeps the tokens.
   Source: spec/contract/auth.md, section 9; RFC 7636 and RFC 8252. */

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "credential/person.h"
#include "loop.h"
#include "loopback.h"
#include "platform.h"
#include "question.h"
#include "text.h"
#include "url.h"

static const double LONGEST = 600;      /* seconds for a sign-in: a code is valid for as long */

enum { RANDOM = 32 };

typedef struct Browser {
  SignIn   *sign_in;
  Loopback *loopback;
  char     *redirect_uri, *verifier, *state;      /* the last two are secret */
  Timer     timer;
} Browser;

static char *random_text(void) {
  unsigned char bytes[RANDOM];
  int filled = platform_random(bytes, sizeof bytes) == 0;
  char *text = filled ? base64url_encode(bytes, sizeof bytes) : NULL;
  explicit_bzero(bytes, sizeof bytes);
  return text;
}

static char *challenge_of(const char *verifier) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  if (!EVP_Digest(verifier, strlen(verifier), hash, &len, EVP_sha256(), NULL)) return NULL;
  return base64url_encode(hash, len);
}

/* -- the end ----------------------------------------------------------------------------------- */

static void redeem(SignIn *sign_in, const char *code) {
  Browser *browser = sign_in->work;
  Buf form = { 0 };
  form_begin(&form, sign_in->person->endpoint, "authorization_code");
  form_add(&form, "code", code);
  form_add(&form, "redirect_uri", browser->redirect_uri);
  form_add(&form, "code_verifier", browser->verifier);
  sign_in_redeem(sign_in, &form);
}

/* Take the answer of the browser. Keep the loopback, which makes this call, until the sign-in ends.
    */
static void answered(void *owner, CallbackKind kind, const Callback *callback) {
  SignIn *sign_in = owner;
  Browser *browser = sign_in->work;
  const char *reason = callback->description ? callback->description : callback->error;
  loop_timer_stop(sign_in_loop(sign_in), &browser->timer);
  if (kind == CALLBACK_CODE) redeem(sign_in, callback->code);
  else sign_in_fail_as(sign_in, callback->error, reason);
}

static void out_of_time(Timer *timer) {
  Browser *browser = container_of(timer, Browser, timer);
  sign_in_fail_as(browser->sign_in, "SignInTimeout",
                  "the sign-in was not completed in time: begin again");
}

static void opened(Fetch *asked, const Answer *answer, const Error *error) {
  (void)answer;
  if (error) sign_in_fail(asked->work, error);
}

/* -- the page ---------------------------------------------------------------------------------- */

static char *page_url(const SignIn *sign_in, const char *challenge) {
  const Browser *browser = sign_in->work;
  const Person *person = sign_in->person;
  char *page = endpoint_page(person->endpoint, "authorize");
  Buf query = { 0 }, url = { 0 };
  form_add(&query, "client_id", endpoint_client_id(person->endpoint));
  form_add(&query, "response_type", "code");
  form_add(&query, "redirect_uri", browser->redirect_uri);
  form_add(&query, "response_mode", "form_post");
  form_add(&query, "state", browser->state);
  form_add(&query, "code_challenge", challenge);
  form_add(&query, "code_challenge_method", "S256");
  form_add(&query, "prompt", person->login_hint ? "login" : "select_account");
  if (person->login_hint) form_add(&query, "login_hint", person->login_hint);
  form_add_scope(&query, sign_in->asked);
  if (page && !query.failed) buf_printf(&url, "%s?%s", page, query.data);
  else url.failed = 1;
  buf_wipe(&query);
  free(page);
  return buf_take(&url);
}

static void open_page(SignIn *sign_in) {
  const Browser *browser = sign_in->work;
  char *challenge = challenge_of(browser->verifier);
  char *url = challenge ? page_url(sign_in, challenge) : NULL;
  const QuestionField fields[] = { { "url", url, 0 }, { NULL, NULL, 0 } };
  int opens = url && question_ask(sign_in->asked, QUESTION_OPEN, sign_in->person->handler, fields,
                                  opened);
  if (!opens) sign_in_fail_for_memory(sign_in);
  free(challenge);
  text_wipe(url);
}

static void ask(SignIn *sign_in) {
  Loop *loop = sign_in_loop(sign_in);
  Browser *browser = calloc(1, sizeof *browser);
  if (!browser) {
    sign_in_fail_for_memory(sign_in);
    return;
  }
  browser->sign_in = sign_in;
  sign_in->work = browser;
  browser->verifier = random_text();
  browser->state = random_text();
  if (browser->verifier && browser->state)
    browser->loopback = loopback_new(loop, browser->state, answered, sign_in);
  if (!browser->loopback) {
    sign_in_fail_as(sign_in, "PortUnavailable", strerror(errno));
    return;
  }
  browser->redirect_uri = text_format("http://localhost:%d", loopback_port(browser->loopback));
  double timeout = sign_in->person->timeout > 0 ? sign_in->person->timeout : LONGEST;
  loop_timer(loop, &browser->timer, loop_now(loop) + timeout, out_of_time);
  open_page(sign_in);
}

static void cancel(SignIn *sign_in) {
  Browser *browser = sign_in->work;
  if (!browser) return;
  loop_timer_stop(sign_in_loop(sign_in), &browser->timer);
  loopback_free(browser->loopback);
  free(browser->redirect_uri);
  text_wipe(browser->verifier);
  text_wipe(browser->state);
  free(browser);
  sign_in->work = NULL;
}

static const PersonKind person_kind = {
  .name = "browser", .means = "a browser", .ask = ask, .cancel = cancel
};

static const CredentialKind kind = {
  .name = "browser", .fetch = person_fetch, .cancel = person_cancel, .clear = person_clear
};

Credential *credential_browser(Loop *loop, const AuthorityOptions *options,
                               const PersonOptions *person, Error *error) {
  return person_new(loop, &kind, &person_kind, options, person, error);
}
