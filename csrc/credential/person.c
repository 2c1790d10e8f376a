/* person.c: get tokens for a person: from the cache, else with the refresh token, else by asking
   the person, once for all waiting fetches. browser.c and device.c ask the person; refresh.c only
   uses refresh tokens. Source: spec/contract/auth.md, sections 8, 9 and 12. */

#include <stdlib.h>
#include <string.h>

#include "credential/person.h"
#include "question.h"
#include "text.h"

static void advance(SignIn *sign_in);

static SignIn *sign_in_of(Fetch *part) { return container_of(part, SignIn, part); }

/* -- sign-ins, one at a time ------------------------------------------------------------------- */

static int is_running(const SignIn *sign_in) {
  return sign_in->person->sign_ins.next == &sign_in->place;
}

/* Start the sign-in that is now the first. */
static void advance_first(Person *person) {
  if (ring_is_empty(&person->sign_ins)) return;
  advance(container_of(person->sign_ins.next, SignIn, place));
}

static void sign_in_free(SignIn *sign_in) {
  question_cancel(sign_in->asked);
  if (sign_in->person->kind->cancel) sign_in->person->kind->cancel(sign_in);
  sign_in->asked->work = NULL;
  free(sign_in);
}

static void end(SignIn *sign_in, const Grant *grant, const Error *error) {
  Person *person = sign_in->person;
  Fetch *asked = sign_in->asked;
  Credential *credential = credential_ref(asked->credential);      /* done may drop its reference */
  ring_remove(&sign_in->place);
  sign_in_free(sign_in);
  asked->done(asked, grant, error);
  advance_first(person);
  credential_unref(credential);
}

Loop *sign_in_loop(const SignIn *sign_in) { return sign_in->asked->credential->loop; }

void sign_in_fail(SignIn *sign_in, const Error *error) { end(sign_in, NULL, error); }

void sign_in_fail_as(SignIn *sign_in, const char *code, const char *fault) {
  Error error = { 0 };
  error_set(&error, ERROR_CREDENTIAL, code, "signing in with %s: %s",
            sign_in->person->kind->means, fault);
  end(sign_in, NULL, &error);
  error_clear(&error);
}

void sign_in_fail_for_memory(SignIn *sign_in) {
  sign_in_fail_as(sign_in, "OutOfMemory", "there is not enough memory");
}

/* -- tokens ------------------------------------------------------------------------------------ */

void form_add_scope(Buf *form, const Fetch *fetch) {
  char *scope = text_format("%s openid profile offline_access", fetch->scope);
  form_add(form, "scope", scope);
  if (fetch->claims) form_add(form, "claims", fetch->claims);
  free(scope);
}

static void replace_refresh_token(Person *person, const char *refresh_token) {
  if (!refresh_token || !text_is_token(refresh_token)) return;
  text_wipe(person->refresh_token);
  person->refresh_token = text_copy(refresh_token);
}

static const char *keep(const SignIn *sign_in, const Grant *grant) {
  const Person *person = sign_in->person;
  const Fetch *asked = sign_in->asked;
  CacheNews news = {
    .scope = asked->scope, .grant = asked->claims ? NULL : grant,
    .refresh_token = grant->refresh_token,
    .tenant_id = person->tenant_id, .client_id = person->client_id
  };
  return cache_keep(person->cache, &news);
}

/* If the login must be saved and cannot be saved, treat it as failed. */
void sign_in_granted(SignIn *sign_in, const Grant *grant) {
  Person *person = sign_in->person;
  Error error = { 0 };
  replace_refresh_token(person, grant->refresh_token);
  person->ask_first = 0;
  if (sign_in->by_person) cache_forget(person->cache);      /* another person may have signed in */
  const char *why = text_is_token(grant->token) ? keep(sign_in, grant) : NULL;
  if (why && person->kept)
    error_set(&error, ERROR_CREDENTIAL, "LoginNotKept", "the login could not be saved: %s", why);
  end(sign_in, error.kind ? NULL : grant, error.kind ? &error : NULL);
  error_clear(&error);
}

static void redeemed(Fetch *part, const Grant *grant, const Error *error) {
  if (grant) sign_in_granted(sign_in_of(part), grant);
  else end(sign_in_of(part), NULL, error);
}

void sign_in_redeem(SignIn *sign_in, Buf *form) {
  form_add_scope(form, sign_in->asked);
  sign_in->part = fetch_part(sign_in->asked, sign_in->asked->credential, redeemed);
  endpoint_ask(sign_in->person->endpoint, form, &sign_in->part);
}

/* -- refreshing -------------------------------------------------------------------------------- */

static int needs_person(const Error *error) {
  static const char *const words[] = {
    "invalid_grant", "interaction_required", "login_required", "consent_required", NULL
  };
  for (size_t i = 0; words[i]; i++)
    if (error->code && strcmp(error->code, words[i]) == 0) return 1;
  return 0;
}

/* End a sign-in of a kind that cannot ask the person. refusal may be NULL. */
static void fail_without_person(SignIn *sign_in, const Error *refusal) {
  const PersonKind *kind = sign_in->person->kind;
  const char *code = refusal ? refusal->code : "NotLoggedIn";
  const char *fault = refusal ? refusal->message : "no user is logged in";
  Error error = { 0 };
  if (!kind->remedy)
    error_copy(&error, refusal);
  else
    error_set(&error, ERROR_UNAVAILABLE, code, "%s: %s; %s", kind->title, fault, kind->remedy);
  end(sign_in, NULL, &error);
  error_clear(&error);
}

static void ask_person(SignIn *sign_in, const Error *refusal) {
  sign_in->by_person = 1;
  if (sign_in->person->kind->ask) sign_in->person->kind->ask(sign_in);
  else fail_without_person(sign_in, refusal);
}

/* End a sign-in with an error. The error of a login that was found on this machine does not end a
   chain: the next link may have a token without a fetch. */
static void end_with_trouble(SignIn *sign_in, const Error *trouble) {
  const char *title = sign_in->person->kind->title;
  Error error = { 0 };
  error_copy(&error, trouble);
  if (title) error_set(&error, ERROR_UNAVAILABLE, trouble->code, "%s: %s", title, trouble->message);
  end(sign_in, NULL, &error);
  error_clear(&error);
}

static void refresh(SignIn *sign_in);

/* Drop a refresh token that was refused. Return 1 if another process has saved a new one meanwhile,
   which replaces it. */
static int drop_refresh_token(Person *person) {
  char *kept = cache_text(person->cache, "refresh_token");
  int other = kept && strcmp(kept, person->refresh_token) != 0;
  if (!other) cache_forget(person->cache);
  text_wipe(person->refresh_token);
  person->refresh_token = other ? kept : NULL;
  if (!other) text_wipe(kept);
  return other;
}

static void refreshed(Fetch *part, const Grant *grant, const Error *error) {
  SignIn *sign_in = sign_in_of(part);
  if (grant) sign_in_granted(sign_in, grant);
  else if (!needs_person(error)) end_with_trouble(sign_in, error);
  else if (drop_refresh_token(sign_in->person)) refresh(sign_in);
  else ask_person(sign_in, error);
}

static void refresh(SignIn *sign_in) {
  Person *person = sign_in->person;
  Buf form = { 0 };
  form_begin(&form, person->endpoint, "refresh_token");
  form_add(&form, "refresh_token", person->refresh_token);
  form_add_scope(&form, sign_in->asked);
  sign_in->part = fetch_part(sign_in->asked, sign_in->asked->credential, refreshed);
  endpoint_ask(person->endpoint, &form, &sign_in->part);
}

/* Make the endpoint if there is none yet: the cache tells the tenant and the client of a login. */
static int find_endpoint(SignIn *sign_in, Error *error) {
  Person *person = sign_in->person;
  if (person->endpoint) return 1;
  free(person->tenant_id);
  free(person->client_id);
  person->tenant_id = cache_text(person->cache, "tenant_id");
  person->client_id = cache_text(person->cache, "client_id");
  AuthorityOptions options = {
    .authority = person->authority, .tenant_id = person->tenant_id,
    .client_id = person->client_id, .ca_file = person->ca_file, .proxy = person->proxy
  };
  if (person->tenant_id && person->client_id)
    person->endpoint = endpoint_new(sign_in_loop(sign_in), &options, error);
  return person->endpoint != NULL;
}

/* Start a sign-in: with the refresh token if there is one, else ask the person. */
static void advance(SignIn *sign_in) {
  Person *person = sign_in->person;
  Error error = { 0 };
  if (!person->refresh_token && !person->ask_first)
    person->refresh_token = cache_text(person->cache, "refresh_token");
  if (!find_endpoint(sign_in, &error)) fail_without_person(sign_in, error.kind ? &error : NULL);
  else if (person->refresh_token && !person->ask_first) refresh(sign_in);
  else ask_person(sign_in, NULL);
  error_clear(&error);
}

void person_fetch(Credential *credential, Fetch *asked) {
  Person *person = credential->state;
  if (!person->ask_first && cache_serve(person->cache, NULL, asked)) return;
  SignIn *sign_in = calloc(1, sizeof *sign_in);
  if (!sign_in) {
    fetch_fail_for_memory(asked);
    return;
  }
  sign_in->asked = asked;
  sign_in->person = person;
  asked->work = sign_in;
  ring_add(&person->sign_ins, &sign_in->place);
  if (is_running(sign_in)) advance(sign_in);
}

void person_cancel(Credential *credential, Fetch *asked) {
  SignIn *sign_in = asked->work;
  Person *person = credential->state;
  if (!sign_in) return;
  int first = is_running(sign_in);
  ring_remove(&sign_in->place);
  endpoint_cancel(credential, &sign_in->part);
  sign_in_free(sign_in);
  if (first && credential->refs > 0) advance_first(person);
}

void person_clear(Credential *credential) {
  Person *person = credential->state;
  endpoint_free(person->endpoint);
  cache_free(person->cache);
  text_wipe(person->refresh_token);
  char *const texts[] = {
    person->tenant_id, person->client_id, person->authority, person->ca_file, person->proxy,
    person->login_hint
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
  free(person);
}

/* -- opening ----------------------------------------------------------------------------------- */

static Cache *cache_of(const AuthorityOptions *authority, const PersonOptions *options) {
  const char *const login[] = { "login", authority->authority, NULL };
  const char *const own[] = {
    "person", authority->authority, authority->tenant_id, authority->client_id, NULL
  };
  return options->uncached ? NULL : cache_new(options->kept ? login : own);
}

/* Was memory enough for all texts? */
static int is_complete(const Person *person, const AuthorityOptions *authority,
                       const PersonOptions *options) {
  return text_is_copied(person->tenant_id, authority->tenant_id)
    && text_is_copied(person->client_id, authority->client_id)
    && text_is_copied(person->authority, authority->authority)
    && text_is_copied(person->ca_file, authority->ca_file)
    && text_is_copied(person->proxy, authority->proxy)
    && text_is_copied(person->login_hint, options->login_hint);
}

Credential *person_new(Loop *loop, const CredentialKind *kind, const PersonKind *person_kind,
                       const AuthorityOptions *authority, const PersonOptions *options,
                       Error *error) {
  Endpoint *endpoint = authority->client_id ? endpoint_new(loop, authority, error) : NULL;
  Person *person = endpoint || !authority->client_id ? calloc(1, sizeof *person) : NULL;
  if (!person) {
    endpoint_free(endpoint);
    return NULL;
  }
  *person = (Person){
    .kind = person_kind, .endpoint = endpoint, .cache = cache_of(authority, options),
    .tenant_id = text_copy(authority->tenant_id), .client_id = text_copy(authority->client_id),
    .authority = text_copy(authority->authority), .ca_file = text_copy(authority->ca_file),
    .proxy = text_copy(authority->proxy), .login_hint = text_copy(options->login_hint),
    .handler = options->handler, .ask_first = options->ask_first, .kept = options->kept,
    .timeout = options->timeout
  };
  ring_init(&person->sign_ins);
  if (is_complete(person, authority, options))
    return credential_new(loop, kind, person, person_kind->name);
  person_clear(&(Credential){ .state = person });
  return NULL;
}
