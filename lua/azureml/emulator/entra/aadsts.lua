--- Define Entra's error responses by their AADSTS number. A handler raises one, entra/init.lua
--- catches it and sends the response.
---
--- Source: spec/contract/auth.md, section 2 and the tables of sections 1, 8 and 9. The error word
--- and the status are documented for some numbers; the others take those of similar numbers.
local tables = require "azureml.tool.tables"

local aadsts = {}

local Refusal = { __name = "azureml.emulator.AADSTS" }
Refusal.__index = Refusal

-- number -> status, error, text, suberror
local rows = {
  [1002012] = {
    400, "invalid_scope",
    "The provided value for scope %s is not valid. Client credential flows must have a scope "
      .. "value with /.default suffixed to the resource identifier (application ID URI).",
  },
  [50001] = {
    400, "invalid_resource",
    "The resource principal named %s was not found in the tenant, or is disabled there.",
  },
  [50011] = {
    400, "invalid_request",
    "The redirect URI '%s' specified in the request does not match the redirect URIs configured "
      .. "for the application '%s'.",
  },
  [50027] = { 400, "invalid_request", "JWT token is invalid or malformed. %s" },
  [50034] = { 400, "invalid_grant", "The user account %s does not exist in the %s directory." },
  [50049] = { 400, "invalid_instance", "Unknown or invalid instance." },
  [50057] = { 400, "invalid_grant", "The user account is disabled." },
  [50058] = {
    400, "login_required",
    "A silent sign-in request was sent but no user is signed in.",
  },
  [50076] = {
    400, "interaction_required",
    "Due to a configuration change made by your administrator, or because you moved to a new "
      .. "location, you must use multi-factor authentication to access '%s'.",
    "basic_action",
  },
  [50079] = {
    400, "interaction_required",
    "Due to a configuration change made by your administrator, you must enroll in multi-factor "
      .. "authentication to access '%s'.",
    "basic_action",
  },
  [50126] = {
    400, "invalid_grant",
    "Error validating credentials due to invalid username or password.",
  },
  [50166] = {
    400, "invalid_request",
    "Request to External OIDC endpoint failed: the issuer '%s' publishes no keys here.",
  },
  [50173] = {
    400, "invalid_grant",
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The "
      .. "grant was issued on '%s' and the TokensValidFrom date for this user is '%s'.",
  },
  [50196] = {
    400, "invalid_grant",
    "The server terminated an operation because it encountered a client request loop.",
  },
  [500011] = {
    400, "invalid_resource",
    "The resource principal named %s was not found in the tenant named %s. This can happen if the "
      .. "application has not been installed by the administrator of the tenant or consented to "
      .. "by any user in the tenant.",
  },
  [500112] = {
    400, "invalid_grant",
    "The reply address '%s' does not match the reply address '%s' provided when requesting "
      .. "Authorization code.",
  },
  [501481] = {
    400, "invalid_grant",
    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
  },
  [53003] = {
    400, "interaction_required",
    "Access has been blocked by Conditional Access policies. The access policy does not allow "
      .. "token issuance.",
    "message_only",
  },
  [54005] = {
    400, "invalid_grant",
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
      .. "existing refresh token.",
  },
  [65001] = {
    400, "consent_required",
    "The user or administrator has not consented to use the application with ID '%s'.",
  },
  [65004] = { 400, "authorization_declined", "User declined to consent to access the app." },
  [650057] = {
    400, "invalid_resource",
    "Invalid resource. The client has requested access to a resource which is not listed in the "
      .. "requested permissions in the client's application registration.",
  },
  [70000] = { 400, "invalid_grant", "Provided grant is invalid or malformed." },
  [70002] = { 401, "invalid_client", "Error validating credentials." },
  [700005] = {
    400, "invalid_grant",
    "Provided grant is intended to be used by another application.",
    "client_mismatch",
  },
  [700016] = {
    400, "unauthorized_client",
    "Application with identifier '%s' was not found in the directory '%s'. This can happen if the "
      .. "application has not been installed by the administrator of the tenant or consented to "
      .. "by any user in the tenant.",
  },
  [70003] = { 400, "unsupported_grant_type", "The app requested an unsupported grant type '%s'." },
  [700021] = {
    401, "invalid_client",
    "Client assertion application identifier doesn't match 'client_id' parameter. Issuer '%s', "
      .. "subject '%s', client_id '%s'.",
  },
  [700023] = {
    401, "invalid_client",
    "Client assertion audience claim does not match Realm issuer. The audience is '%s'; it should "
      .. "be '%s'.",
  },
  [700024] = {
    401, "invalid_client",
    "Client assertion is not within its valid time range. Current time: %s, assertion valid from "
      .. "%s, expiry time of assertion %s.",
  },
  [700025] = {
    401, "invalid_client",
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  },
  [700027] = {
    401, "invalid_client",
    "The certificate with identifier used to sign the client assertion is not registered on "
      .. "application. [Reason - %s, Thumbprint of key used by client: '%s']",
  },
  [700030] = {
    401, "invalid_client",
    "Invalid certificate - subject name in certificate is not authorized.",
  },
  [70007] = { 400, "invalid_request", "Unsupported response mode or response type '%s'." },
  [70008] = {
    400, "invalid_grant",
    "The provided authorization code or refresh token has expired due to inactivity. Send a new "
      .. "interactive authorization request for this user and resource.",
  },
  [700082] = {
    400, "invalid_grant",
    "The refresh token has expired due to inactivity. The token was issued on %s and was inactive "
      .. "for %s.",
  },
  [70011] = {
    400, "invalid_scope",
    "The provided request must include a 'scope' input parameter. The provided value for the "
      .. "input parameter 'scope' is not valid. The scope %s is not valid.",
  },
  [7000112] = { 400, "unauthorized_client", "Application '%s' is disabled." },
  [70016] = {
    400, "authorization_pending",
    "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
  },
  [70018] = {
    400, "bad_verification_code",
    "Invalid verification code due to User typing in wrong user code for device code flow.",
  },
  [70019] = { 400, "expired_token", "Verification code expired. Have the user retry the sign-in." },
  [70020] = {
    400, "expired_token",
    "The provided value for the input parameter 'device_code' is not valid. The device_code has "
      .. "expired.",
  },
  [70021] = {
    401, "invalid_client",
    "No matching federated identity record found for presented assertion. Assertion Issuer: '%s'. "
      .. "Assertion Subject: '%s'. Assertion Audience: '%s'.",
  },
  [700211] = {
    401, "invalid_client",
    "No matching federated identity record found for presented assertion issuer '%s'. Check your "
      .. "federated identity credential Subject, Audience and Issuer against the presented "
      .. "assertion.",
  },
  [700212] = {
    401, "invalid_client",
    "No matching federated identity record found for presented assertion audience '%s'. Check "
      .. "your federated identity credential Subject, Audience and Issuer against the presented "
      .. "assertion.",
  },
  [700213] = {
    401, "invalid_client",
    "No matching federated identity record found for presented assertion subject '%s'. Check your "
      .. "federated identity credential Subject, Audience and Issuer against the presented "
      .. "assertion.",
  },
  [7000215] = {
    401, "invalid_client",
    "Invalid client secret provided. Ensure the secret being sent in the request is the client "
      .. "secret value, not the client secret ID, for a secret added to app '%s'.",
  },
  [7000218] = {
    401, "invalid_client",
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  [7000222] = {
    401, "invalid_client",
    "The provided client secret keys for app '%s' are expired.",
  },
  [70043] = {
    400, "invalid_grant",
    "The refresh token has expired or is invalid due to sign-in frequency checks by conditional "
      .. "access.",
    "bad_token",
  },
  [90002] = {
    400, "invalid_request",
    "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing "
      .. "into the correct cloud.",
  },
  [900023] = {
    400, "invalid_request",
    "Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain.",
  },
  [9001023] = {
    400, "invalid_request",
    "The grant type '%s' is not supported over the /common or /consumers endpoints. Please use "
      .. "the /organizations or tenant-specific endpoint.",
  },
  [900144] = {
    400, "invalid_request",
    "The request body must contain the following parameter: '%s'.",
  },
  [9002313] = {
    400, "invalid_grant",
    "Invalid request. Request is malformed or invalid.",
    "bad_token",
  },
  [90014] = { 400, "invalid_request", "The value of the field '%s' is not valid." },
  [900382] = {
    400, "invalid_request",
    "Confidential Client is not supported in Cross Cloud request.",
  },
  [900384] = {
    400, "invalid_request",
    "JWT token failed signature validation. It was issued in another national cloud.",
  },
  [90038] = {
    400, "invalid_request",
    "Tenant '%s' request is being redirected to the National Cloud '%s'.",
  },
  [90006] = { 503, "server_error", "Service unavailable. Please try later." },
  [90012] = { 503, "temporarily_unavailable", "The request has timed out." },
  [90024] = {
    503, "temporarily_unavailable",
    "RequestBudgetExceededError: A transient error has occurred. Try again.",
  },
  [90033] = { 503, "temporarily_unavailable", "A transient error has occurred. Please try again." },
  [90055] = {
    429, "temporarily_unavailable",
    "There are too many requests from this tenant. Please wait and try again.",
  },
  [90090] = {
    503, "temporarily_unavailable",
    "Retry the request: the service could not read what it needs.",
  },
}

-- RFC 8628 defines slow_down; Entra has no number for it.
local SLOW_DOWN = {
  400, "slow_down",
  "OAuth 2.0 device flow error. Polled too often: wait 5 seconds longer each time from now on.",
}

-- Fill the placeholders of a text. A placeholder without a value becomes "...": a refusal that a
-- fault rule injects has no values.
local function fill(text, ...)
  local count, values = select("#", ...), { ... }
  local index = 0
  return (text:gsub("%%s", function()
    index = index + 1
    return index <= count and tostring(values[index]) or "..."
  end))
end

local function make(number, row, ...)
  local refusal = {
    number = number, status = row[1], word = row[2], text = fill(row[3], ...), suberror = row[4],
  }
  return setmetatable(refusal, Refusal)
end

--- Raise a refusal. It ends the request.
---@param number integer      an AADSTS number of the table above
---@param ... any             values for the placeholders of its text
function aadsts.raise(number, ...)
  error(make(number, rows[number], ...), 0)
end

--- Raise slow_down: the client polls too often.
function aadsts.slow_down()
  error(make(70016, SLOW_DOWN), 0)
end

--- Return whether an error value is a refusal of Entra.
---@param value any
---@return boolean
function aadsts.is(value)
  return getmetatable(value) == Refusal
end

--- Return whether the table has a refusal of this number.
---@param number integer?
---@return boolean
function aadsts.knows(number)
  return number ~= nil and rows[number] ~= nil
end

--- Return all numbers in ascending order.
---@return integer[]
function aadsts.numbers()
  return tables.keys(rows)
end

--- Return the response for a refusal, with Entra's JSON body.
---@param refusal table
---@param world { guid: function, clock: table }
---@param correlation string?      the client's own id of the request; by default a new GUID
---@return table response
function aadsts.answer(refusal, world, correlation)
  local trace, now = world.guid(), world.clock:now()
  local stamp = os.date("!%Y-%m-%d %H:%M:%SZ", math.floor(now))
  correlation = correlation or world.guid()
  local description = ("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s")
    :format(refusal.number, refusal.text, trace, correlation, stamp)
  return {
    status = refusal.status,
    json = {
      error = refusal.word, suberror = refusal.suberror,
      error_codes = { refusal.number },
      timestamp = stamp, trace_id = trace, correlation_id = correlation,
      error_description = description,
      error_uri = ("https://login.microsoftonline.com/error?code=%d"):format(refusal.number),
    },
  }
end

--- Return a refusal without raising it: a test injects it as trouble by its number.
---@param number integer
---@return table refusal
function aadsts.made(number)
  return make(number, rows[number])
end

--- Return the error word and one line of text, for a page or a redirection.
---@param refusal table
---@return string word, string text
function aadsts.line(refusal)
  return refusal.word, ("AADSTS%d: %s"):format(refusal.number, refusal.text)
end

return aadsts
