--- Device codes: a client shows a code, a person enters it at a page and signs in, the client
--- polls. Source: spec/contract/auth.md, section 8; RFC 8628.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local proof = require "azureml.emulator.entra.proof"
local scope = require "azureml.emulator.entra.scope"

local device = {}

ephemeral.kind "device"

local LIFE, KNOWN_LONGER, INTERVAL = 900, 3600, 5      -- seconds
local EARLY = 1                                        -- a client that rounds is not too fast
local LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"         -- no vowels, no words

local function user_code()
  local code = {}
  for i, byte in ipairs { core.random(9):byte(1, -1) } do
    local at = byte % #LETTERS + 1
    code[i] = LETTERS:sub(at, at)
  end
  return table.concat(code)
end

-- As long as a client's own clock will take.
local function real(at, seconds)
  return math.max(1, math.floor(at.world.clock:in_real_time(seconds) or seconds))
end

--- Begin: what is shown to the person.
---@param at table
---@return table response
function device.begin(at)
  local application = proof.application(at)
  if not application.public then aadsts.raise(7000218) end
  local asked = proof.need(at.form, "scope")
  scope.of_user(at, asked)
  if ephemeral.is_full(at.world, "device") then aadsts.raise(90055) end
  local one = at.world:save("device", {
    id = core.crypto.base64url(core.random(48)), user_code = user_code(), client_id = application.client_id, tenant = at.tenant_text,
    scope = asked, state = "pending", interval = INTERVAL, expires = at.now + LIFE, forgotten = at.now + LIFE + KNOWN_LONGER,
  })
  local page = at.origin .. "/devicelogin"
  return {
    status = 200,
    json = {
      user_code = one.user_code, device_code = one.id, verification_uri = page, expires_in = real(at, LIFE), interval = one.interval,
      message = ("To sign in, use a web browser to open the page %s and enter the code %s to authenticate."):format(page, one.user_code),
    },
  }
end

-- Too fast is measured in the time that the client lives in; where nobody can say, nothing is too fast.
local function check_pace(at, one)
  local before = one.polled
  one.polled = at.now
  local passed = before and at.world.clock:in_real_time(at.now - before)
  local fast = passed and passed < one.interval - EARLY
  if fast then one.interval = one.interval + 5 end
  at.world:save("device", one)
  if fast then aadsts.slow_down() end
end

--- The user whom a code was approved by.
---@param at table
---@param application table
---@param code string
---@return table user, table record
function device.redeem(at, application, code)
  local one = at.world:record("device", code)
  if not one or one.client_id:lower() ~= application.client_id:lower() or one.state == "redeemed" then aadsts.raise(70018) end
  if one.expires <= at.now then aadsts.raise(70020) end
  if one.state == "declined" then aadsts.raise(65004) end
  if one.state == "pending" then
    check_pace(at, one)
    aadsts.raise(70016)
  end
  local user = at.directory:user(one.user_id)
  if not user then aadsts.raise(50034, one.user_id, at.tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  one.state = "redeemed"
  at.world:save("device", one)
  return user, one
end

--- The person enters a code, and signs in or says no.
---@param world table
---@param code string          the user's code, in any case
---@param user table?          nil: no
---@return table? record       nil: there is no such code that waits
function device.decide(world, code, user)
  local now = world.clock:now()
  for _, one in pairs(world.records.device) do
    if one.user_code == code:upper() and one.state == "pending" and one.expires > now then
      one.state, one.user_id = user and "approved" or "declined", user and user.object_id
      return world:save("device", one)
    end
  end
end

--- The codes that wait for a person.
---@return table[]      { user_code, client_id, expires }
function device.waiting(world)
  local list, now = {}, world.clock:now()
  for _, one in pairs(world.records.device) do
    if one.state == "pending" and one.expires > now then
      list[#list + 1] = { user_code = one.user_code, client_id = one.client_id, scope = one.scope, expires = one.expires }
    end
  end
  table.sort(list, function(a, b) return a.user_code < b.user_code end)
  return list
end

return device
