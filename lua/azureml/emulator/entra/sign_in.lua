--- Signing in with a browser: the page that an authorization code comes from, with PKCE, and the
--- page for device codes. Nobody types a password here: who signs in is set, and the page does it
--- at once. Source: spec/contract/auth.md, sections 8 and 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local device = require "azureml.emulator.entra.device"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local form = require "azureml.emulator.entra.form"
local proof = require "azureml.emulator.entra.proof"
local refresh = require "azureml.emulator.entra.refresh"
local scope = require "azureml.emulator.entra.scope"
local tables = require "azureml.tables"
local world = require "azureml.emulator.world"

local crypto = core.crypto

local sign_in = {}

ephemeral.kind "code"
-- Who signs in: one record, { id, user_id } or { id, declines = true }.
world.kinds.person = { key = function(record) return record.id end }

local PERSON = "person"
local LIFE, KNOWN_LONGER = 600, 3600      -- seconds
local MODES = { query = true, fragment = true, form_post = true }

-- Who is there --------------------------------------------------------------------------------------------------------------

--- Who signs in from now on.
---@param emulator table
---@param user table?          nil: whoever is there says no
function sign_in.set_person(emulator, user)
  emulator.world:save("person", { id = PERSON, user_id = user and user.object_id, declines = user == nil })
end

--- Who signs in: the one that was set, else the first user there is.
---@param emulator table
---@return table? user      nil: whoever is there says no
function sign_in.person(emulator)
  local set = emulator.world:record("person", PERSON)
  if set then return set.user_id and emulator.directory:user(set.user_id) end
  return emulator.user
end

-- The page for codes --------------------------------------------------------------------------------------------------------

local function page(title, body)
  return {
    status = 200,
    headers = { ["Content-Type"] = "text/html; charset=utf-8", ["Content-Security-Policy"] = "frame-ancestors 'none'" },
    body = ("<!DOCTYPE html><html><head><title>%s</title></head><body>%s</body></html>"):format(form.html(title), body),
  }
end

local function hidden(fields)
  return table.concat(tables.texts(fields, function(name, value)
    return ('<input type="hidden" name="%s" value="%s">'):format(form.html(name), form.html(value))
  end))
end

-- Without script the button is pressed by hand.
local function posting(url, fields)
  return page("Working...", ('<form method="post" action="%s">%s<noscript><button>Continue</button></noscript></form>'
    .. "<script>document.forms[0].submit()</script>"):format(form.html(url), hidden(fields)))
end

local function refusing(raised)
  local _, text = aadsts.line(raised)
  local given = page("Sign in", "<h1>Sorry, but we're having trouble signing you in.</h1><p>" .. form.html(text) .. "</p>")
  given.status = 400
  return given
end

-- The page for device codes ---------------------------------------------------------------------------------------------------

local function ask_for_code(note)
  return page("Sign in to your account", ('%s<form method="post"><p>Enter the code that your device shows.</p>'
    .. '<input name="user_code" autofocus> <button name="answer" value="yes">Sign in</button> '
    .. '<button name="answer" value="no">Cancel</button></form>'):format(note and "<p>" .. form.html(note) .. "</p>" or ""))
end

--- The page that a device code is entered at.
---@param at table
---@return table response
function sign_in.device_page(at)
  if at.request.method ~= "POST" then return ask_for_code() end
  local from = at.request.headers.origin      -- else a page elsewhere could sign in for who is here
  if from and from ~= at.origin then return ask_for_code "Enter the code on this page itself." end
  local user = at.form.answer ~= "no" and sign_in.person(at.emulator) or nil
  local one = device.decide(at.world, at.form.user_code or "", user)
  if not one then return ask_for_code "That code is not known, or it has expired." end
  return page("Done", user and "<p>You have signed in as " .. form.html(user.name) .. ". You may now close this window.</p>"
    or "<p>You have declined to sign in.</p>")
end

-- The page for browsers -------------------------------------------------------------------------------------------------------

local function is_loopback(uri)
  return uri == "http://localhost" or uri:find "^http://localhost[:/]" or uri:find "^http://127%.0%.0%.1[:/]"
    or uri:find "^http://%[::1%][:/]"
end

-- A public client on this machine may listen at any port.
local function check_redirect(application, uri)
  for _, known in ipairs(application.redirect_uris or {}) do
    if known == uri then return end
  end
  if not (application.public and is_loopback(uri)) then aadsts.raise(50011, uri, application.client_id) end
end

local function back_to(uri, mode, fields)
  if mode == "form_post" then return posting(uri, fields) end
  local separator = mode == "fragment" and "#" or uri:find("?", 1, true) and "&" or "?"
  return { status = 302, headers = { Location = uri .. separator .. form.write(fields) } }
end

local function who_signs_in(at)
  local user = sign_in.person(at.emulator)
  if not user then aadsts.raise(65004) end
  local hint = at.form.login_hint
  local hinted = hint and hint ~= "" and at.directory:user(hint) or user
  if hinted.disabled then aadsts.raise(50057) end
  return hinted
end

local function check_challenge(fields)
  local challenge, method = fields.code_challenge, fields.code_challenge_method or "plain"
  if challenge and (#challenge < 43 or #challenge > 128) then aadsts.raise(90014, "code_challenge") end
  if challenge and method ~= "S256" and method ~= "plain" then aadsts.raise(90014, "code_challenge_method") end
end

local function make_code(at, application, uri)
  local fields = at.form
  if fields.response_type ~= "code" then aadsts.raise(70007, fields.response_type or "") end
  check_challenge(fields)
  local asked = proof.need(fields, "scope")
  scope.of_user(at, asked)
  if ephemeral.is_full(at.world, "code") then aadsts.raise(90055) end
  local user, text = who_signs_in(at), "1." .. crypto.base64url(core.random(48))
  at.world:save("code", {
    id = crypto.base64url(crypto.sha256(text)), client_id = application.client_id, redirect_uri = uri, user_id = user.object_id,
    scope = asked, challenge = fields.code_challenge, method = fields.code_challenge_method or "plain", nonce = fields.nonce,
    claims = fields.claims, expires = at.now + LIFE, forgotten = at.now + LIFE + KNOWN_LONGER,
  })
  return text
end

--- The page: it signs in who is there, and sends the browser back with a code.
---@param at table
---@return table response
function sign_in.page(at)
  local fields = at.form
  local ok, application, uri = pcall(function()
    local found = proof.application(at)
    local target = proof.need(fields, "redirect_uri")
    check_redirect(found, target)
    return found, target
  end)
  if not ok then      -- nowhere to send the browser back to
    if not aadsts.is(application) then error(application, 0) end
    return refusing(application)
  end
  local mode = MODES[fields.response_mode or ""] and fields.response_mode or "query"
  local made, code = pcall(make_code, at, application, uri)
  if made then return back_to(uri, mode, { code = code, state = fields.state, session_state = at.world.guid() }) end
  if not aadsts.is(code) then error(code, 0) end
  local word, text = aadsts.line(code)
  return back_to(uri, mode, { error = word == "authorization_declined" and "access_denied" or word, error_description = text,
    state = fields.state })
end

-- Redeeming -------------------------------------------------------------------------------------------------------------------

local function fits(one, verifier)
  if not one.challenge then return true end
  if one.method == "plain" then return verifier == one.challenge end
  return verifier ~= nil and crypto.base64url(crypto.sha256(verifier)) == one.challenge
end

--- The user whom a code stands for. It works once: a second time ends what came of the first.
---@param at table
---@param application table
---@return table user, table record
function sign_in.redeem(at, application)
  local fields = at.form
  local one = at.world:record("code", crypto.base64url(crypto.sha256(proof.need(fields, "code"))))
  if not one then aadsts.raise(70000) end
  if one.client_id:lower() ~= application.client_id:lower() then aadsts.raise(700005) end
  if one.used then
    refresh.end_of_code(at, one.id)
    aadsts.raise(54005)
  end
  if one.expires <= at.now then aadsts.raise(70008) end
  if fields.redirect_uri ~= one.redirect_uri then aadsts.raise(500112, fields.redirect_uri or "", one.redirect_uri) end
  if not fits(one, fields.code_verifier) then aadsts.raise(501481) end
  local user = at.directory:user(one.user_id)
  if not user then aadsts.raise(50034, one.user_id, at.tenant.id) end
  one.used = true
  at.world:save("code", one)
  return user, one
end

return sign_in
