/* certificate.c: sign in an application with a certificate. Each token request has a new signed
   assertion, which jwt.c makes. A file is read for each request: it may have been renewed, and the
   key does not stay in memory. Source: spec/contract/auth.md, section 4. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "credential/endpoint.h"
#include "file.h"
#include "jwt.h"
#include "text.h"

enum { MAX_FILE = 1024 * 1024 };

typedef struct Source {
  Endpoint *endpoint;
  char  *path;             /* NULL: the certificate is in data */
  Buf    data;
  char  *password;
  int    send_chain;
  SignatureKind algorithm;
} Source;

static Certificate *load_data(const Source *state, const Buf *data, const char *name,
                              Error *error) {
  const char *bytes = data->data ? data->data : "";
  return certificate_load(bytes, data->len, state->password, name, error);
}

static Certificate *load_file(const Source *state, Error *error) {
  Buf data = { 0 };
  Certificate *certificate = NULL;
  char *name = text_format("certificate '%s'", state->path);
  const char *fault = file_read(state->path, MAX_FILE, &data);
  if (!name)
    error_set(error, ERROR_USAGE, "OutOfMemory", "there is not enough memory for a certificate");
  else if (fault) error_set(error, ERROR_USAGE, "InvalidCertificate", "%s %s", name, fault);
  else certificate = load_data(state, &data, name, error);
  buf_wipe(&data);
  free(name);
  return certificate;
}

static Certificate *load(const Source *state, Error *error) {
  if (state->path) return load_file(state, error);
  return load_data(state, &state->data, "the certificate", error);
}

/* Note that a certificate has expired, in case the server refuses it. The server decides by its own
   clock, so try the certificate anyway. */
static void remark_expiry(const Source *state, const Certificate *certificate) {
  char remark[80];
  time_t end = certificate_end(certificate);
  struct tm date = { 0 };
  int expired = end >= 0 && end < time(NULL) && gmtime_r(&end, &date);
  if (expired) strftime(remark, sizeof remark, "the certificate has expired, on %Y-%m-%d", &date);
  endpoint_remark(state->endpoint, expired ? remark : NULL);
}

static char *sign(const Source *state, const char *audience, Error *error) {
  char id[37];
  Certificate *certificate = load(state, error);
  if (!certificate) return NULL;
  text_guid(id);
  Assertion assertion = {
    .certificate = certificate, .algorithm = state->algorithm, .send_chain = state->send_chain,
    .client_id = endpoint_client_id(state->endpoint), .audience = audience, .id = id,
    .now = time(NULL)
  };
  char *jwt = jwt_assertion(&assertion);
  if (!jwt)
    error_set(error, ERROR_CREDENTIAL, "SigningFailed",
              "the certificate's key cannot sign: is it damaged?");
  remark_expiry(state, certificate);
  certificate_free(certificate);
  return jwt;
}

static void fetch(Credential *credential, Fetch *asked) {
  Source *state = credential->state;
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
  Source *state = credential->state;
  endpoint_free(state->endpoint);
  free(state->path);
  buf_wipe(&state->data);
  text_wipe(state->password);
  free(state);
}

static const CredentialKind kind = {
  .name = "client_certificate", .fetch = fetch, .cancel = endpoint_cancel, .clear = clear,
  .takes_tenant = 1
};

static int choose_algorithm(Source *state, const char *name, Error *error) {
  if (!name) {
    /* ADFS supports only RS256. */
    state->algorithm = endpoint_is_adfs(state->endpoint) ? SIGNATURE_RS256 : SIGNATURE_PS256;
    return 1;
  }
  for (int i = 0; signature_names[i]; i++) {
    if (strcmp(signature_names[i], name) != 0) continue;
    state->algorithm = (SignatureKind)i;
    return 1;
  }
  error_set(error, ERROR_USAGE, "InvalidCredential",
            "algorithm must be PS256 or RS256, not '%s'", name);
  return 0;
}

/* Load the certificate once, to report a mistake now and not with the first token. */
static int is_usable(const Source *state, Error *error) {
  Certificate *certificate = load(state, error);
  certificate_free(certificate);
  return certificate != NULL;
}

static int check(const CertificateOptions *options, Error *error) {
  const char *fault = NULL;
  if (!options->path == !options->data)
    fault = "a certificate is needed: set certificate_path to a file's path, or certificate to its "
            "text, not both";
  else if (options->path && !*options->path)
    fault = "certificate_path is empty: it names a file in PEM or PKCS#12";
  if (fault) error_set(error, ERROR_USAGE, "InvalidCredential", "%s", fault);
  return fault == NULL;
}

Credential *credential_certificate(Loop *loop, const AuthorityOptions *authority,
                                   const CertificateOptions *options, Error *error) {
  int good = check(options, error);
  Endpoint *endpoint = good ? endpoint_new_application(loop, authority, error) : NULL;
  Source *state = endpoint ? calloc(1, sizeof *state) : NULL;
  if (!state) {
    endpoint_free(endpoint);
    return NULL;
  }
  state->endpoint = endpoint;
  state->path = text_copy(options->path);
  if (options->data) buf_add(&state->data, options->data, options->data_len);
  state->password = text_copy(options->password);
  state->send_chain = options->send_chain;
  int copied = text_is_copied(state->path, options->path)
    && text_is_copied(state->password, options->password) && !state->data.failed;
  if (copied && choose_algorithm(state, options->algorithm, error) && is_usable(state, error))
    return credential_new(loop, &kind, state, authority->client_id);
  clear(&(Credential){ .state = state });
  return NULL;
}
