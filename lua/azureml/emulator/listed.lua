--- The JSON texts of computes for lists. A compute that is at rest keeps its text until it changes:
--- to make one takes 25 us, and clients that watch a workspace of 10,000 read all of them again and
--- again.
local json = require "azureml.json"
local show = require "azureml.emulator.show"

local listed = {}

-- world -> compute -> { text, version, due }
local worlds = setmetatable({}, { __mode = "k" })

-- Return the kept texts of a world. A compute that is saved loses its text.
local function kept_in(world)
  local kept = worlds[world]
  if not kept then
    kept = setmetatable({}, { __mode = "k" })
    worlds[world] = kept
    world:watch(function(kind, _, record)
      if kind == "compute" and record then kept[record] = nil end
    end)
  end
  return kept
end

-- Tell whether an instance looks the same until it is saved, or until it is due.
local function is_at_rest(compute)
  local is_instance = compute.kind == nil or compute.kind == "ComputeInstance"
  return is_instance and compute.settled and not compute.held and not compute.host
    and not compute.mounts
end

-- Tell whether a kept text still holds: nothing has happened to the compute by itself.
local function holds(text, compute, now, version)
  return text.version == version and text.due == compute.due
    and (not compute.due or now < compute.due)
end

--- Return the JSON text of a compute, as GET shows it.
---@param request table
---@param compute table
---@return string
function listed.text(request, compute)
  local kept, version = kept_in(request.world), request.api_version
  local known = kept[compute]
  if known and is_at_rest(compute) and holds(known, compute, request.now, version) then
    return known.text
  end
  local text = json.encode(show.compute(compute, request.workspace, request.now, version))
  kept[compute] = is_at_rest(compute) and { text = text, version = version, due = compute.due }
    or nil
  return text
end

return listed
