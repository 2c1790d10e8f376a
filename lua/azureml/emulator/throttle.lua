--- Token buckets: one per subscription, principal and kind of request, and one per subscription and kind for all principals together.
--- Source: lro.md, section 14.
local inferred = require "azureml.emulator.inferred"
local refusal = require "azureml.emulator.refusal"

local throttle = {}

local Throttle = {}
Throttle.__index = Throttle

local KINDS = { GET = "reads", HEAD = "reads", DELETE = "deletes" }
local TOGETHER = 15      -- how many times one principal's bucket all of them have together

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

function Throttle:bucket(key, size, refill)
  local now = self.clock:now()
  local bucket = self.buckets[key] or { left = size, at = now, refill = refill }
  bucket.left = math.min(size, bucket.left + (now - bucket.at) * refill)
  bucket.at = now
  self.buckets[key] = bucket
  return bucket
end

local function refuse_empty(bucket, kind)
  if bucket.left < 1 then refusal.raise_after(math.ceil((1 - bucket.left) / bucket.refill), "throttled", kind) end
end

--- Take one; refuses when there is none.
---@param principal string
---@param subscription string
---@param method string
---@return table<string, string> headers      what is left
function Throttle:take(principal, subscription, method)
  local kind = throttle.kind(method)
  local size, refill = inferred.buckets[kind][1], inferred.buckets[kind][2]
  local own = self:bucket(principal .. " " .. subscription .. " " .. kind, size, refill)
  local all = self:bucket(subscription .. " " .. kind, TOGETHER * size, TOGETHER * refill)
  refuse_empty(own, kind)
  refuse_empty(all, kind)
  own.left, all.left = own.left - 1, all.left - 1
  return {
    ["x-ms-ratelimit-remaining-subscription-" .. kind] = ("%d"):format(own.left // 1),
    ["x-ms-ratelimit-remaining-subscription-global-" .. kind] = ("%d"):format(all.left // 1),
  }
end

return throttle
