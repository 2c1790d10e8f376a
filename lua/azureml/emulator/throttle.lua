--- Throttle requests with token buckets, refilled by the emulator's clock: a bucket for each
--- subscription, principal and kind of request; a bucket for each subscription and kind, which all
--- principals share; and, for requests without a subscription, a bucket for each tenant, principal
--- and kind.
--- Source: spec/contract/lro.md, section 14.
local inferred = require "azureml.emulator.inferred"
local options = require "azureml.options"
local refusal = require "azureml.emulator.refusal"

local throttle = {}

local Throttle = {}
Throttle.__index = Throttle

local KINDS = { GET = "reads", HEAD = "reads", DELETE = "deletes" }
local TOGETHER = 15      -- a shared bucket holds this many times what a principal's bucket holds

--- Return the kind of a request.
---@param method string
---@return string      "reads", "writes", "deletes"
function throttle.kind(method)
  return KINDS[method] or "writes"
end

--- Make a throttle with full buckets.
function throttle.new(clock)
  return setmetatable({ clock = clock, buckets = {}, limits = inferred.buckets }, Throttle)
end

-- Limits ------------------------------------------------------------------------------------------

-- The limits before 2024: requests an hour for each principal.
throttle.HOURLY = {
  reads = { 12000, 12000 / 3600 },
  writes = { 1200, 1200 / 3600 },
  deletes = { 15000, 15000 / 3600 },
}

local LIMITS = { reads = "table", writes = "table", deletes = "table" }

local LIMIT_FAULT = "throttle: %s must be a list of two numbers: how many a bucket holds, from 1 "
  .. "on, and how many it gains a second"

-- Tell whether a value is a number below infinity.
local function is_finite(value)
  return math.type(value) and value < math.huge
end

local function fault_of_limit(name, limit)
  local size, refill = limit[1], limit[2]
  if is_finite(size) and is_finite(refill) and size >= 1 and refill > 0 then return nil end
  return LIMIT_FAULT:format(name)
end

--- Return what is wrong with limits; nil if they are valid.
---@param limits any      true, false, "hourly" or { reads = { size, refill }, ... }
---@return string?
function throttle.fault_of(limits)
  if type(limits) == "boolean" or limits == "hourly" then return nil end
  local wrong = options.fault_of("throttle", limits, LIMITS)
  if wrong then return wrong end
  for name, limit in pairs(limits) do
    wrong = fault_of_limit(name, limit)
    if wrong then return wrong end
  end
end

--- Set the limits from now on, with full buckets.
---@param limits boolean|string|table
---  true: as the service does; false: no limits; "hourly": as the service did before 2024; a table:
---  { reads = { size, refill a second }, ... }
function Throttle:set(limits)
  self.limits, self.buckets = inferred.buckets, {}
  if limits == false then self.limits = nil end
  if limits == "hourly" then self.limits = throttle.HOURLY end
  if type(limits) == "table" then
    self.limits = setmetatable(limits, { __index = inferred.buckets })
  end
end

-- Buckets -----------------------------------------------------------------------------------------

local function bucket_of(self, key, size, refill)
  local now = self.clock:now()
  local bucket = self.buckets[key]
    or { left = size, at = now, refill = refill, waits = now }
  bucket.left = math.min(size, bucket.left + (now - bucket.at) * refill)
  bucket.at = now
  self.buckets[key] = bucket
  return bucket
end

-- Refuse if a bucket is empty. A client that was told to wait and retries too early is told the
-- rest of its wait, even if the bucket has refilled since.
local function refuse_empty(bucket, kind)
  if bucket.left >= 1 and bucket.at >= bucket.waits then return end
  if bucket.left < 1 then
    local refilled = bucket.at + math.ceil((1 - bucket.left) / bucket.refill)
    bucket.waits = math.max(bucket.waits, refilled)
  end
  refusal.raise_after(math.ceil(bucket.waits - bucket.at), "throttled", kind)
end

-- Take a token out of all buckets, or refuse and take none.
local function take_of(buckets, kind)
  for _, bucket in ipairs(buckets) do refuse_empty(bucket, kind) end
  for _, bucket in ipairs(buckets) do bucket.left = bucket.left - 1 end
end

local function left(bucket)
  return ("%d"):format(bucket.left // 1)
end

--- Take a token for a request in a subscription; refuse if there is none left.
---@param principal string
---@param subscription string
---@param method string
---@return table<string, string> headers      what is left
---@raise a refusal
function Throttle:take(principal, subscription, method)
  if not self.limits then return {} end
  local kind = throttle.kind(method)
  local size, refill = self.limits[kind][1], self.limits[kind][2]
  local own = bucket_of(self, principal .. " " .. subscription .. " " .. kind, size, refill)
  local all = bucket_of(self, subscription .. " " .. kind, TOGETHER * size, TOGETHER * refill)
  take_of({ own, all }, kind)
  return {
    ["x-ms-ratelimit-remaining-subscription-" .. kind] = left(own),
    ["x-ms-ratelimit-remaining-subscription-global-" .. kind] = left(all),
  }
end

--- Take a token for a request without a subscription; refuse if there is none left.
---@param principal string
---@param tenant string
---@param method string
---@return table<string, string> headers      what is left
---@raise a refusal
function Throttle:take_of_tenant(principal, tenant, method)
  if not self.limits then return {} end
  local kind = throttle.kind(method)
  local key = ("%s /%s %s"):format(principal, tenant, kind)
  local own = bucket_of(self, key, table.unpack(self.limits[kind]))
  take_of({ own }, kind)
  return { ["x-ms-ratelimit-remaining-tenant-" .. kind] = left(own) }
end

return throttle
