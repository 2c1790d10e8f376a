/* certificate.c: fuzz the reading of certificates. The input is a file's content; an odd length
   adds a password. A certificate that was read is used for a thumbprint, its end, an assertion. */

#include <stdint.h>
#include <stdlib.h>

#include "jwt.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const Certificate *certificate) {
  Assertion assertion = {
    .certificate = certificate, .algorithm = SIGNATURE_PS256, .send_chain = 1,
    .client_id = "app", .audience = "https://a/t", .id = "id", .now = 1700000000,
  };
  free(certificate_print(certificate, EVP_sha256()));
  certificate_end(certificate);
  free(jwt_assertion(&assertion));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Error error = { 0 };
  const char *password = size % 2 ? "test-password" : NULL;
  Certificate *certificate = certificate_load(data, size, password, "it", &error);
  if (certificate) use(certificate);
  else if (!error.message) abort();      /* a refusal says why */
  certificate_free(certificate);
  error_clear(&error);
  return 0;
}
