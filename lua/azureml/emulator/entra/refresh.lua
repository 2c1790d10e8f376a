--- Refresh tokens: what lets a client go on in a user's name without asking him. Entra leaves the
--- old one good when it gives a new one. Source: spec/contract/auth.md, section 9.
local aadsts = require "azureml.emulator.entra.aadsts"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local core = require "azureml.core"

local crypto = core.crypto

local refresh = {}

ephemeral.kind "refresh"

local DAY = 86400
local INACTIVE = 90 * DAY      -- unused for so long it ends; it is known a while longer, to be told from one that never was

local function stamp(time)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(time))
end

-- Kept by its digest: who reads the state can redeem none.
local function id_of(text)
  return crypto.base64url(crypto.sha256(text))
end

--- A new one.
---@param at table
---@param grant { user: table, application: table, scope: string, code: string? }
---@return string
function refresh.issue(at, grant)
  local text = "1." .. crypto.base64url(core.random(96))
  at.world:save("refresh", {
    id = id_of(text), user_id = grant.user.object_id, client_id = grant.application.client_id, family = grant.application.family,
    scope = grant.scope, code = grant.code, issued = at.now, expires = at.now + INACTIVE, forgotten = at.now + 2 * INACTIVE,
  })
  return text
end

--- What came of a code ends with it.
function refresh.end_of_code(at, code)
  for _, one in pairs(at.world.records.refresh) do
    if one.code == code then
      one.ended = true
      at.world:save("refresh", one)
    end
  end
end

local function check_user(at, one)
  local user = at.directory:user(one.user_id)
  if not user then aadsts.raise(50034, one.user_id, at.tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  if (user.valid_from or 0) > one.issued then aadsts.raise(50173, stamp(one.issued), stamp(user.valid_from)) end
  return user
end

--- Whose a refresh token is.
---@param at table
---@param application table
---@param text string
---@return table user, table record
function refresh.redeem(at, application, text)
  local one = at.world:record("refresh", id_of(text))
  if not one or one.ended then aadsts.raise(9002313) end
  local same = one.client_id:lower() == application.client_id:lower() or one.family and one.family == application.family
  if not same then aadsts.raise(700005) end
  if one.expires <= at.now then aadsts.raise(700082, stamp(one.issued), "90.00:00:00") end
  local user = check_user(at, one)
  one.expires, one.forgotten = at.now + INACTIVE, at.now + 2 * INACTIVE
  at.world:save("refresh", one)
  return user, one
end

return refresh
