/* certificate.c: an application that proves itself by a certificate: each token is asked for with an assertion of its own, signed anew. A file
   is read each time: it may have been renewed, and the key need not lie in memory meanwhile. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "credential/endpoint.h"
#include "file.h"
#include "jwt.h"
#include "text.h"

enum { MAX_FILE = 1024 * 1024 };

typedef struct Own {
  Endpoint *endpoint;
  char  *path;             /* NULL: data has it */
  Buf    data;
  char  *password;
  int    send_chain;
  SignatureKind algorithm;
} Own;

static Certificate *load_data(const Own *state, const Buf *data, const char *name, Error *error) {
  return certificate_load(data->data ? data->data : "", data->len, state->password, name, error);
}

static Certificate *load_file(const Own *state, Error *error) {
  Buf data = { 0 };
  Certificate *certificate = NULL;
  char *name = text_format("certificate '%s'", state->path);
  const char *fault = file_read(state->path, MAX_FILE, &data);
  if (fault) error_set(error, ERROR_USAGE, "InvalidCertificate", "%s %s", name, fault);
  else certificate = load_data(state, &data, name, error);
  buf_wipe(&data);
  free(name);
  return certificate;
}

static Certificate *load(const Own *state, Error *error) {
  return state->path ? load_file(state, error) : load_data(state, &state->data, "the certificate", error);
}

/* Whether it counts is for the server to say, whose clock may be another; but when it refuses, this may be why. */
static void remark_end(const Own *state, const Certificate *certificate) {
  char remark[80];
  time_t end = certificate_end(certificate);
  struct tm when = { 0 };
  int over = end >= 0 && end < time(NULL) && gmtime_r(&end, &when);
  if (over) strftime(remark, sizeof remark, "the certificate has expired, on %Y-%m-%d", &when);
  endpoint_remark(state->endpoint, over ? remark : NULL);
}

static char *sign(const Own *state, const char *audience, Error *error) {
  char id[37];
  Certificate *certificate = load(state, error);
  if (!certificate) return NULL;
  text_guid(id);
  Assertion assertion = { .certificate = certificate, .algorithm = state->algorithm, .send_chain = state->send_chain,
    .client_id = endpoint_client_id(state->endpoint), .audience = audience, .id = id, .now = time(NULL) };
  char *jwt = jwt_assertion(&assertion);
  if (!jwt) error_set(error, ERROR_CREDENTIAL, "SigningFailed", "the certificate's key cannot sign: is it damaged?");
  remark_end(state, certificate);
  certificate_free(certificate);
  return jwt;
}

static void fetch(Credential *credential, Fetch *asked) {
  Own *state = credential->state;
  Error error = { 0 };
  char *audience = endpoint_url(state->endpoint, asked, &error);
  char *assertion = audience ? sign(state, audience, &error) : NULL;
  if (assertion) {
    endpoint_ask_asserted(state->endpoint, assertion, asked);
  } else {
    error.kind = ERROR_CREDENTIAL;
    asked->done(asked, NULL, &error);
  }
  text_wipe(assertion);
  free(audience);
  error_clear(&error);
}

static void clear(Credential *credential) {
  Own *state = credential->state;
  endpoint_free(state->endpoint);
  free(state->path);
  buf_wipe(&state->data);
  text_wipe(state->password);
  free(state);
}

static const CredentialKind kind = { .name = "client_certificate", .fetch = fetch, .cancel = endpoint_cancel, .clear = clear, .takes_tenant = 1 };

static int choose_algorithm(Own *state, const char *name, Error *error) {
  if (!name) {      /* ADFS knows no other */
    state->algorithm = endpoint_is_adfs(state->endpoint) ? SIGNATURE_RS256 : SIGNATURE_PS256;
    return 1;
  }
  for (int i = 0; signature_names[i]; i++) {
    if (strcmp(signature_names[i], name) != 0) continue;
    state->algorithm = (SignatureKind)i;
    return 1;
  }
  error_set(error, ERROR_USAGE, "InvalidCredential", "algorithm must be PS256 or RS256, not '%s'", name);
  return 0;
}

/* A mistake in the file should be told now, not when the first token is needed. */
static int is_usable(const Own *state, Error *error) {
  Certificate *certificate = load(state, error);
  certificate_free(certificate);
  return certificate != NULL;
}

static int check(const CertificateOptions *options, Error *error) {
  if (!options->path == !options->data)
    error_set(error, ERROR_USAGE, "InvalidCredential", "a certificate is needed: certificate_path names a file, or certificate is its text; one of them");
  else if (options->path && !*options->path)
    error_set(error, ERROR_USAGE, "InvalidCredential", "certificate_path is empty: it names a file in PEM or PKCS#12");
  else return 1;
  return 0;
}

Credential *credential_certificate(Loop *loop, const AuthorityOptions *authority, const CertificateOptions *options, Error *error) {
  Endpoint *endpoint = check(options, error) ? endpoint_new_application(loop, authority, error) : NULL;
  Own *state = endpoint ? calloc(1, sizeof *state) : NULL;
  if (!state) {
    endpoint_free(endpoint);
    return NULL;
  }
  state->endpoint = endpoint;
  state->path = text_copy(options->path);
  if (options->data) buf_add(&state->data, options->data, options->data_len);
  state->password = text_copy(options->password);
  state->send_chain = options->send_chain;
  if (choose_algorithm(state, options->algorithm, error) && is_usable(state, error))
    return credential_new(loop, &kind, state, authority->client_id);
  clear(&(Credential){ .state = state });
  return NULL;
}
