--- Issue and redeem device codes: the client shows a code, the user enters it on a page and signs
--- in, and the client polls the token endpoint. entra/sign_in.lua serves the page.
---
--- Source: spec/contract/auth.md, section 8; RFC 8628.
local aadsts = require "azureml.emulator.entra.aadsts"
local core = require "azureml.core"
local ephemeral = require "azureml.emulator.entra.ephemeral"
local proof = require "azureml.emulator.entra.proof"
local scope = require "azureml.emulator.entra.scope"

local device = {}

ephemeral.kind "device"

local LIFE, KNOWN_LONGER, INTERVAL = 900, 3600, 5      -- seconds
local EARLY = 1      -- seconds: tolerance for clients that round the interval
local LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"      -- without vowels, so that no word appears

local function user_code()
  local code = {}
  for i, byte in ipairs { core.random(9):byte(1, -1) } do
    local index = byte % #LETTERS + 1
    code[i] = LETTERS:sub(index, index)
  end
  return table.concat(code)
end

-- Convert seconds of the emulator's clock to seconds of the client's real clock.
local function real(request, seconds)
  return math.max(1, math.floor(request.world.clock:in_real_time(seconds) or seconds))
end

--- Begin a device sign-in. The response holds the code and the message for the user.
---@param request azureml.emulator.EntraRequest
---@return table response
function device.begin(request)
  local application = proof.application(request)
  if not application.public then aadsts.raise(7000218) end
  local requested = proof.need(request.form, "scope")
  scope.of_user(request, requested)
  if ephemeral.is_full(request.world, "device") then aadsts.raise(90055) end
  local expires = request.now + LIFE
  local record = request.world:save("device", {
    id = core.crypto.base64url(core.random(48)), user_code = user_code(),
    client_id = application.client_id, tenant = request.tenant_text, scope = requested,
    state = "pending", interval = INTERVAL, expires = expires, forgotten = expires + KNOWN_LONGER,
  })
  local page = request.origin .. "/devicelogin"
  local message = ("To sign in, use a web browser to open the page %s and enter the code %s to "
    .. "authenticate."):format(page, record.user_code)
  return {
    status = 200,
    json = {
      user_code = record.user_code, device_code = record.id, verification_uri = page,
      expires_in = real(request, LIFE), interval = record.interval, message = message,
    },
  }
end

-- Measure the client's pace in real time. With a clock set by hand there is no real time, and no
-- client polls too fast.
local function check_pace(request, record)
  local before = record.polled
  record.polled = request.now
  local passed = before and request.world.clock:in_real_time(request.now - before)
  local is_fast = passed and passed < record.interval - EARLY
  if is_fast then record.interval = record.interval + 5 end
  request.world:save("device", record)
  if is_fast then aadsts.slow_down() end
end

--- Redeem a device code. Return the user that approved it.
---@param request azureml.emulator.EntraRequest
---@param application table
---@param code string
---@return table user, table record
function device.redeem(request, application, code)
  local record = request.world:record("device", code)
  if not record or record.state == "redeemed"
    or record.client_id:lower() ~= application.client_id:lower() then
    aadsts.raise(70018)
  end
  if record.expires <= request.now then aadsts.raise(70020) end
  if record.state == "declined" then aadsts.raise(65004) end
  if record.state == "pending" then
    check_pace(request, record)
    aadsts.raise(70016)
  end
  local user = request.directory:user(record.user_id)
  if not user then aadsts.raise(50034, record.user_id, request.tenant.id) end
  if user.disabled then aadsts.raise(50057) end
  record.state = "redeemed"
  request.world:save("device", record)
  return user, record
end

--- Enter a user code: the user signs in or declines.
---@param world table
---@param code string          the user code, in any case
---@param user table?          nil: the user declines
---@return table? record       nil if no pending sign-in has this code
function device.decide(world, code, user)
  local now = world.clock:now()
  for _, record in pairs(world.records.device) do
    if record.user_code == code:upper() and record.state == "pending" and record.expires > now then
      record.state = user and "approved" or "declined"
      record.user_id = user and user.object_id
      return world:save("device", record)
    end
  end
end

--- Return the pending codes, sorted by code.
---@param world table
---@return { user_code: string, client_id: string, scope: string, expires: number }[]
function device.waiting(world)
  local list, now = {}, world.clock:now()
  for _, record in pairs(world.records.device) do
    if record.state == "pending" and record.expires > now then
      list[#list + 1] = {
        user_code = record.user_code, client_id = record.client_id, scope = record.scope,
        expires = record.expires,
      }
    end
  end
  table.sort(list, function(a, b) return a.user_code < b.user_code end)
  return list
end

return device
