--- Serve the sign-in pages: the page that issues authorization codes, with PKCE, and the page for
--- device codes. They ask for no password: a script sets the user, and the pages sign that user in
--- at once. entra/token_endpoint.lua exchanges the codes for tokens.
---
--- Source: spec/contract/auth.md, sections 8 and 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local device = require "azureml.emulator.entra.device"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local form = require "azureml.emulator.entra.form"
local proof = require "azureml.emulator.entra.proof"
local refresh = require "azureml.emulator.entra.refresh"
local scope = require "azureml.emulator.entra.scope"
local tables = require "azureml.tool.tables"
local world = require "azureml.emulator.world"

local crypto = core.crypto

local sign_in = {}

ephemeral.kind "code"
-- The user that signs in. One record: { id, user_id }, or { id, declines = true }.
world.kinds.person = { key = function(record) return record.id end }

local PERSON = "person"
local LIFE, KNOWN_LONGER = 600, 3600      -- seconds
local MODES = { query = true, fragment = true, form_post = true }

-- The user that signs in --------------------------------------------------------------------------

--- Set the user that signs in from now on.
---@param emulator table
---@param user table?          nil: the user declines to sign in
function sign_in.set_person(emulator, user)
  local user_id = user and user.object_id
  emulator.world:save("person", { id = PERSON, user_id = user_id, declines = user == nil })
end

--- Return the user that signs in: the user that was set, else the default user of the world.
---@param emulator table
---@return table? user      nil: the user declines to sign in
function sign_in.person(emulator)
  local set = emulator.world:record("person", PERSON)
  if set then return set.user_id and emulator.directory:user(set.user_id) end
  return emulator.user
end

-- HTML --------------------------------------------------------------------------------------------

local function page(title, body)
  return {
    status = 200,
    headers = {
      ["Content-Type"] = "text/html; charset=utf-8",
      ["Content-Security-Policy"] = "frame-ancestors 'none'",
    },
    body = ("<!DOCTYPE html><html><head><title>%s</title></head><body>%s</body></html>")
      :format(form.html(title), body),
  }
end

local function hidden(fields)
  return table.concat(tables.texts(fields, function(name, value)
    return ('<input type="hidden" name="%s" value="%s">'):format(form.html(name), form.html(value))
  end))
end

local POSTING = '<form method="post" action="%s">%s<noscript><button>Continue</button></noscript>'
  .. "</form><script>document.forms[0].submit()</script>"

-- Post fields to a URL. In a browser without scripts the user presses the button.
local function posting(url, fields)
  return page("Working...", POSTING:format(form.html(url), hidden(fields)))
end

local function refusing(refusal)
  local _, text = aadsts.line(refusal)
  local response = page("Sign in",
    "<h1>Sorry, but we're having trouble signing you in.</h1><p>" .. form.html(text) .. "</p>")
  response.status = 400
  return response
end

-- The page for device codes -----------------------------------------------------------------------

local ASKING = '%s<form method="post"><p>Enter the code that your device shows.</p>'
  .. '<input name="user_code" autofocus> <button name="answer" value="yes">Sign in</button> '
  .. '<button name="answer" value="no">Cancel</button></form>'

local function ask_for_code(note)
  local paragraph = note and "<p>" .. form.html(note) .. "</p>" or ""
  return page("Sign in to your account", ASKING:format(paragraph))
end

--- Serve the page on which the user enters a device code.
---@param request azureml.emulator.EntraRequest
---@return table response
function sign_in.device_page(request)
  if request.http.method ~= "POST" then return ask_for_code() end
  -- A page of another origin could otherwise sign in for the user.
  local from = request.http.headers.origin
  if from and from ~= request.origin then
    return ask_for_code "Enter the code on this page itself."
  end
  local user = request.form.answer ~= "no" and sign_in.person(request.emulator) or nil
  if not device.decide(request.world, request.form.user_code or "", user) then
    return ask_for_code "That code is not known, or it has expired."
  end
  if not user then return page("Done", "<p>You have declined to sign in.</p>") end
  return page("Done",
    "<p>You have signed in as " .. form.html(user.name) .. ". You may now close this window.</p>")
end

-- The page for authorization codes ----------------------------------------------------------------

local function is_loopback(uri)
  return uri == "http://localhost" or uri:find "^http://localhost[:/]"
    or uri:find "^http://127%.0%.0%.1[:/]" or uri:find "^http://%[::1%][:/]"
end

-- Check a redirect URI. A public client may listen on any port of the loopback interface.
local function check_redirect(application, uri)
  for _, known in ipairs(application.redirect_uris or {}) do
    if known == uri then return end
  end
  if not (application.public and is_loopback(uri)) then
    aadsts.raise(50011, uri, application.client_id)
  end
end

local function back_to(uri, mode, fields)
  if mode == "form_post" then return posting(uri, fields) end
  local separator = mode == "fragment" and "#" or uri:find("?", 1, true) and "&" or "?"
  return { status = 302, headers = { Location = uri .. separator .. form.write(fields) } }
end

-- Return the user of a sign-in: the user of login_hint, else the user that was set.
local function user_of(request)
  local user = sign_in.person(request.emulator)
  if not user then aadsts.raise(65004) end
  local hint = request.form.login_hint
  local hinted = hint and hint ~= "" and request.directory:user(hint) or user
  if hinted.disabled then aadsts.raise(50057) end
  return hinted
end

local function check_challenge(fields)
  local challenge, method = fields.code_challenge, fields.code_challenge_method or "plain"
  if not challenge then return end
  if #challenge < 43 or #challenge > 128 then aadsts.raise(90014, "code_challenge") end
  if method ~= "S256" and method ~= "plain" then
    aadsts.raise(90014, "code_challenge_method")
  end
end

local function make_code(request, application, uri)
  local fields = request.form
  if fields.response_type ~= "code" then aadsts.raise(70007, fields.response_type or "") end
  check_challenge(fields)
  local requested = proof.need(fields, "scope")
  scope.of_user(request, requested)
  if ephemeral.is_full(request.world, "code") then aadsts.raise(90055) end
  local user, text = user_of(request), "1." .. crypto.base64url(core.random(48))
  local expires = request.now + LIFE
  request.world:save("code", {
    id = crypto.base64url(crypto.sha256(text)), client_id = application.client_id,
    redirect_uri = uri, user_id = user.object_id, scope = requested,
    challenge = fields.code_challenge, method = fields.code_challenge_method or "plain",
    nonce = fields.nonce, claims = fields.claims,
    expires = expires, forgotten = expires + KNOWN_LONGER,
  })
  return text
end

-- Return the application and its redirect URI; raise a refusal if either is wrong.
local function target_of(request)
  local application = proof.application(request)
  local uri = proof.need(request.form, "redirect_uri")
  check_redirect(application, uri)
  return application, uri
end

--- Serve the sign-in page: sign the user in and redirect the browser with an authorization code.
--- If the redirect URI is wrong, show the refusal in the browser instead.
---@param request azureml.emulator.EntraRequest
---@return table response
function sign_in.page(request)
  local fields = request.form
  local ok, application, uri = pcall(target_of, request)
  if not ok then
    local refusal = application
    if not aadsts.is(refusal) then error(refusal, 0) end
    return refusing(refusal)
  end
  local mode = MODES[fields.response_mode or ""] and fields.response_mode or "query"
  local made, code = pcall(make_code, request, application, uri)
  if made then
    local session = request.world.guid()
    return back_to(uri, mode, { code = code, state = fields.state, session_state = session })
  end
  local refusal = code
  if not aadsts.is(refusal) then error(refusal, 0) end
  local word, text = aadsts.line(refusal)
  if word == "authorization_declined" then word = "access_denied" end
  return back_to(uri, mode, { error = word, error_description = text, state = fields.state })
end

-- Redeeming ---------------------------------------------------------------------------------------

local function fits(record, verifier)
  if not record.challenge then return true end
  if record.method == "plain" then return verifier == record.challenge end
  return verifier ~= nil and crypto.base64url(crypto.sha256(verifier)) == record.challenge
end

--- Redeem an authorization code. Return its user. A code works once: a second use revokes the
--- refresh tokens of the first.
---@param request azureml.emulator.EntraRequest
---@param application table
---@return table user, table record
function sign_in.redeem(request, application)
  local fields = request.form
  local id = crypto.base64url(crypto.sha256(proof.need(fields, "code")))
  local record = request.world:record("code", id)
  if not record then aadsts.raise(70000) end
  if record.client_id:lower() ~= application.client_id:lower() then aadsts.raise(700005) end
  if record.used then
    refresh.revoke_code(request, record.id)
    aadsts.raise(54005)
  end
  if record.expires <= request.now then aadsts.raise(70008) end
  if fields.redirect_uri ~= record.redirect_uri then
    aadsts.raise(500112, fields.redirect_uri or "", record.redirect_uri)
  end
  if not fits(record, fields.code_verifier) then aadsts.raise(501481) end
  local user = request.directory:user(record.user_id)
  if not user then aadsts.raise(50034, record.user_id, request.tenant.id) end
  record.used = true
  request.world:save("code", record)
  return user, record
end

return sign_in
