--- Token buckets per subscription, principal and kind of request. Source: lro.md, section 14.
local inferred = require "azureml.emulator.inferred"
local refusal = require "azureml.emulator.refusal"

local throttle = {}

local Throttle = {}
Throttle.__index = Throttle

local KINDS = { GET = "reads", HEAD = "reads", DELETE = "deletes" }

--- The kind of a request.
---@param method string
---@return string
function throttle.kind(method)
  return KINDS[method] or "writes"
end

--- Full buckets.
function throttle.new(clock)
  return setmetatable({ clock = clock, buckets = {} }, Throttle)
end

function Throttle:bucket(key, kind)
  local size, refill = table.unpack(inferred.buckets[kind])
  local now = self.clock:now()
  local bucket = self.buckets[key] or { left = size, at = now }
  bucket.left = math.min(size, bucket.left + (now - bucket.at) * refill)
  bucket.at = now
  self.buckets[key] = bucket
  return bucket, refill
end

--- Take one; refuses when there is none.
---@param who string         principal and subscription
---@param method string
---@return string header, integer left
function Throttle:take(who, method)
  local kind = throttle.kind(method)
  local bucket, refill = self:bucket(who .. " " .. kind, kind)
  if bucket.left < 1 then
    local ok, raised = pcall(refusal.raise, "throttled", kind)
    if not ok then
      raised.retry_after = math.ceil((1 - bucket.left) / refill)
      error(raised, 0)
    end
  end
  bucket.left = bucket.left - 1
  return "x-ms-ratelimit-remaining-subscription-" .. kind, math.floor(bucket.left)
end

return throttle
