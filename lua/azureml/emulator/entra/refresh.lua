--- Issue and redeem refresh tokens: with one, a client gets new access tokens without asking the
--- user again. As in Entra, an old refresh token stays valid when a new one is issued.
---
--- Source: spec/contract/auth.md, section 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local core = require "azureml.core"

local crypto = core.crypto

local refresh = {}

ephemeral.kind "refresh"

local DAY = 86400
-- An unused token expires after this time. Its record is kept as long again, so that the refusal
-- can tell an expired token from an unknown one.
local INACTIVE = 90 * DAY

local function stamp(time)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(time))
end

-- Return the digest of a token. Only the digest is saved, so the state file reveals no token.
local function id_of(text)
  return crypto.base64url(crypto.sha256(text))
end

--- Issue a refresh token.
---@param request azureml.emulator.EntraRequest
---@param grant { user: table, application: table, scope: string, code: string? }
---  code: the id of the authorization code that it comes from
---@return string
function refresh.issue(request, grant)
  local text, now = "1." .. crypto.base64url(core.random(96)), request.now
  request.world:save("refresh", {
    id = id_of(text), user_id = grant.user.object_id, client_id = grant.application.client_id,
    family = grant.application.family, scope = grant.scope, code = grant.code,
    issued = now, expires = now + INACTIVE, forgotten = now + 2 * INACTIVE,
  })
  return text
end

--- Revoke the refresh tokens that came from an authorization code.
---@param request azureml.emulator.EntraRequest
---@param code string      the id of the code's record
function refresh.revoke_code(request, code)
  for _, record in pairs(request.world.records.refresh) do
    if record.code == code then
      record.ended = true
      request.world:save("refresh", record)
    end
  end
end

local function check_user(request, record)
  local user = request.directory:user(record.user_id)
  if not user then aadsts.raise(50034, record.user_id, request.tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  if (user.valid_from or 0) > record.issued then
    aadsts.raise(50173, stamp(record.issued), stamp(user.valid_from))
  end
  return user
end

--- Redeem a refresh token. Return its user, and restart the 90 days in which it must be used.
---@param request azureml.emulator.EntraRequest
---@param application table
---@param text string
---@return table user, table record
function refresh.redeem(request, application, text)
  local record, now = request.world:record("refresh", id_of(text)), request.now
  if not record or record.ended then aadsts.raise(9002313) end
  local is_own = record.client_id:lower() == application.client_id:lower()
  local is_of_family = record.family and record.family == application.family
  if not is_own and not is_of_family then aadsts.raise(700005) end
  if record.expires <= now then aadsts.raise(700082, stamp(record.issued), "90.00:00:00") end
  local user = check_user(request, record)
  record.expires, record.forgotten = now + INACTIVE, now + 2 * INACTIVE
  request.world:save("refresh", record)
  return user, record
end

return refresh
