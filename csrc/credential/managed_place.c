/* managed_place.c: choose where to ask for this machine's managed identity, by the variables that
   Azure sets. managed.c sends the request. Source: spec/contract/auth.md, section 6. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "credential/managed.h"
#include "text.h"
#include "url.h"

/* Take the first source whose variables are all set. Azure ML sets the variables of App Service
   2017, and takes the same request. */
static const ManagedSource sources[] = {
  { .name = "Service Fabric",
    .needs = { "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT" },
    .refusal = "its endpoint proves itself by a certificate's thumbprint, which is not supported: "
               "use a client certificate" },
  { .name = "App Service", .needs = { "IDENTITY_ENDPOINT", "IDENTITY_HEADER" },
    .version = "2019-08-01", .header = "X-IDENTITY-HEADER",
    .ids = { "client_id", "principal_id", "mi_res_id" } },
  { .name = "Azure ML", .needs = { "MSI_ENDPOINT", "MSI_SECRET" },
    .version = "2017-09-01", .header = "secret", .ids = { "clientid" }, .signs_in = 1 },
  { .name = "Cloud Shell", .needs = { "MSI_ENDPOINT" } },
  { .name = "Azure Arc", .needs = { "IDENTITY_ENDPOINT", "IMDS_ENDPOINT" },
    .agent = "/opt/azcmagent/bin/himds",
    .fallback = "http://127.0.0.1:40342/metadata/identity/oauth2/token",
    .version = "2020-06-01", .challenges = 1 },
  { .name = "IMDS", .needs = { "AZURE_POD_IDENTITY_AUTHORITY_HOST" },
    .fallback = "http://169.254.169.254", .path = "/metadata/identity/oauth2/token",
    .version = "2018-02-01", .ids = { "client_id", "object_id", "msi_res_id" }, .probed = 1 },
};

enum { LAST = sizeof sources / sizeof *sources - 1 };

static int applies(const ManagedSource *source) {
  int complete = 1;
  for (size_t i = 0; source->needs[i]; i++) complete = complete && text_variable(source->needs[i]);
  return complete || (source->agent && access(source->agent, F_OK) == 0);
}

static const ManagedSource *choose(void) {
  size_t i = 0;
  while (i < LAST && !applies(&sources[i])) i++;
  return &sources[i];
}

static int is_guid(const char *text) {
  static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  static const char digits[] = "0123456789abcdefABCDEF";
  size_t i = 0;
  for (; form[i]; i++)
    if (!text[i] || (form[i] == '-' ? text[i] != '-' : !strchr(digits, text[i]))) return 0;
  return text[i] == '\0';
}

/* Return the client id of the identity that is attached to an Azure ML machine, or NULL. Without an
   identity Azure ML sets the variable to the word "clientid". */
static const char *machine_identity(void) {
  const char *id = text_variable("DEFAULT_IDENTITY_CLIENT_ID");
  return id && is_guid(id) ? id : NULL;
}

/* Find the parameter and its value that select a user-assigned identity. Both stay NULL for the
   machine's own identity. Return NULL, or why the source cannot give the identity. */
static const char *read_identity(const ManagedSource *source, const ManagedOptions *options,
                                 const char **name, const char **value) {
  const char *const ids[] = { options->client_id, options->object_id, options->resource_id };
  for (size_t i = 0; i < 3; i++) {
    if (!ids[i]) continue;
    *name = source->ids[i];
    *value = ids[i];
    if (source->signs_in && i == 0 && !is_guid(ids[i]))
      return "client_id must be a GUID there: with anything else the token would be the "
             "signed-in user's";
    if (source->ids[i]) return NULL;
    if (source->ids[0]) return "it knows user-assigned identities by client_id only";
    return "it knows no user-assigned identities: leave the id out";
  }
  if (source->signs_in && (*value = machine_identity())) *name = source->ids[0];
  return NULL;
}

static const char *read_endpoint(ManagedPlace *place) {
  const ManagedSource *source = place->source;
  const char *value = text_variable(source->needs[0]);
  const char *base = value ? value : source->fallback;
  if (source->agent && !applies(source)) return "its variables are not set";
  place->origin = url_origin(base);
  size_t len = base ? strlen(base) : 0;
  if (!place->origin || strpbrk(base, "?#") || text_has_control(base, len))
    return "its endpoint's variable does not hold an http URL";
  while (source->path && len && base[len - 1] == '/') len--;
  place->url = text_format("%.*s%s", (int)len, base, source->path ? source->path : "");
  return NULL;
}

static void add_query(ManagedPlace *place, const char *name, const char *value) {
  Buf query = { 0 };
  if (!place->source->version) return;
  buf_printf(&query, "%s?api-version=%s", place->url, place->source->version);
  if (name) {
    buf_printf(&query, "&%s=", name);
    url_escape(&query, value, strlen(value));
  }
  buf_puts(&query, "&resource=");
  free(place->url);
  place->url = buf_take(&query);
}

static const char *read_proof(ManagedPlace *place) {
  const char *secret = place->source->header ? text_variable(place->source->needs[1]) : NULL;
  if (!secret) return NULL;
  if (!text_is_token(secret))
    return "its secret's variable holds characters that no header may have";
  place->proof = text_format("%s: %s", place->source->header, secret);
  return NULL;
}

int managed_place_find(ManagedPlace *place, const ManagedOptions *options) {
  const char *name = NULL, *value = NULL;
  place->source = choose();
  const char *fault = place->source->refusal;
  if (!fault) fault = read_endpoint(place);
  if (!fault) fault = read_identity(place->source, options, &name, &value);
  if (!fault) fault = read_proof(place);
  if (!fault) {
    add_query(place, name, value);
    int has_proof = place->proof || !place->source->header;
    return place->url && has_proof;
  }
  place->fault = text_copy(fault);
  return place->fault != NULL;
}

void managed_place_clear(ManagedPlace *place) {
  free(place->origin);
  free(place->url);
  free(place->fault);
  text_wipe(place->proof);
}
