--- Find the principal that sends a request by its bearer token, or refuse with 401 as Resource
--- Manager does. What the principal may do is decided in authorise.lua.
--- Source: spec/contract/compute-rest.md, section 6; spec/contract/auth.md, section 11.
local refusal = require "azureml.emulator.refusal"

local AUDIENCE = "https://management.azure.com/"
local AUDIENCES = {
  ["https://management.azure.com"] = true,
  ["https://management.core.windows.net"] = true,
}

local function utc(time)
  return os.date("!%m/%d/%Y %I:%M:%S %p", math.floor(time))
end

-- Tell whether an audience is the emulator itself: a client that is configured with the emulator's
-- endpoint requests tokens for that endpoint.
local function is_own(emulator, request, audience)
  local name = audience:match "^https?://(.+)$"
  return name ~= nil and (name == request.headers.host or audience == emulator.url)
end

local function issuer(tenant_id)
  return ("https://sts.windows.net/%s/"):format(tenant_id)
end

-- Return the token of an Authorization header. Tokens are long and every request has one, so plain
-- searches replace patterns where they can.
local function bearer(header)
  if header:sub(1, 7):lower() ~= "bearer " then return nil end
  local text = header:sub(8)
  if text:find(" ", 1, true) then text = text:match "^ *(%S+)$" end
  return text ~= "" and text or nil
end

--- Return the principal that sends a request, and its token.
---@param emulator { tokens: table, directory: table }
---@param request table
---@param now number             seconds since 1970
---@param tenant_id string?      the tenant that the subscription trusts; nil: any tenant
---@param more table?            further audiences to accept
---@return table principal, table token
---@raise a refusal
return function(emulator, request, now, tenant_id, more)
  local text = bearer(request.headers.authorization or "")
  if not text then refusal.raise "no_token" end
  local token = emulator.tokens:check(text)
  local principal = token and emulator.directory:principal(token.object_id)
  if not principal then refusal.raise "unknown_token" end
  local audience = token.audience:gsub("/+$", "")
  local is_right = AUDIENCES[audience] or more and more[audience]
    or is_own(emulator, request, audience)
  if not is_right then refusal.raise("wrong_audience", token.audience, AUDIENCE) end
  if token.expires <= now then refusal.raise("expired_token", utc(token.expires), utc(now)) end
  if tenant_id and token.tenant_id:lower() ~= tenant_id:lower() then
    refusal.raise("wrong_tenant", issuer(token.tenant_id), issuer(tenant_id), tenant_id)
  end
  local claims = emulator.tokens:lacks(token)
  if claims then refusal.raise_challenge(claims, "claims_challenge") end
  return principal, token
end
