--- Open the applications of an instance, such as Jupyter, for its owner: the user that the instance
--- is assigned to, else its creator. Roles of other users do not help. The instance must run. In
--- Azure each instance has its own host; here the path is /instances/REGION/NAME/APPLICATION.
--- The list of applications comes from show.lua.
--- Source: spec/contract/compute-rest.md, sections 10 and 11.
local answer = require "azureml.emulator.answer"
local authenticate = require "azureml.emulator.authenticate"
local authorise = require "azureml.emulator.authorise"
local machine = require "azureml.emulator.machine"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"

local access = {}

local OPEN = "workspaces/computes/applicationaccess/action"
local RUNS = { Running = true, JobRunning = true }

-- Applications also accept tokens for the Azure ML service itself.
local AUDIENCES = { ["https://ml.azure.com"] = true }

--- Return the object id of an instance's owner: the assigned user, else the creator.
---@param compute table
---@return string
function access.owner(compute)
  return compute.user and compute.user.objectId or compute.creator.object_id
end

--- Refuse unless a principal may open an instance's applications.
---@param emulator table
---@param principal table
---@param compute table
---@param scope string
---@raise a refusal
function access.check(emulator, principal, compute, scope)
  authorise(emulator.roles, principal, OPEN, scope)
  if principal.object_id:lower() ~= access.owner(compute):lower() then
    refusal.raise("not_yours", compute.name)
  end
end

-- Find an application by its path ("tree", "lab") or by its displayed name ("Jupyter Lab").
local function find_application(shown, wanted)
  for _, application in ipairs(shown.properties.properties.applications) do
    local path = application.endpointUri:match "([^/]*)/?$"
    local is_wanted = application.displayName:lower() == wanted or path:lower() == wanted
    if is_wanted then return application end
  end
end

local function find_instance(emulator, location, name)
  local compute = emulator.world:instance_named(name)
  local is_there = compute and not compute.kind
    and compute.workspace.location:lower() == location:lower()
  if not is_there then refusal.raise("no_instance", name, location) end
  return compute
end

--- Return the instance that a request may open.
---@param emulator table
---@param request table
---@param location string
---@param name string
---@return table compute, table principal
---@raise a refusal
function access.admit(emulator, request, location, name)
  local now = emulator.clock:now()
  local principal = authenticate(emulator, request, now, nil, AUDIENCES)
  local compute = find_instance(emulator, location, name)
  access.check(emulator, principal, compute, show.compute_id(compute.workspace, compute.name))
  local state = machine.state(compute, now)
  if not RUNS[state] then refusal.raise("not_running", compute.name, state) end
  return compute, principal
end

local function act(emulator, request, segments)
  local now = emulator.clock:now()
  local principal = authenticate(emulator, request, now, nil, AUDIENCES)
  local compute = find_instance(emulator, segments[2] or "", segments[3] or "")
  local shown = show.compute(compute, compute.workspace, now)
  local application = find_application(shown, (segments[4] or ""):lower())
  if not application then refusal.raise("no_application", compute.name, segments[4] or "") end
  access.check(emulator, principal, compute, shown.id)
  local state = shown.properties.properties.state
  if not RUNS[state] then refusal.raise("not_running", compute.name, state) end
  return {
    status = 200,
    json = {
      instance = compute.name,
      application = application.displayName,
      endpointUri = application.endpointUri,
      openedBy = {
        objectId = principal.object_id, name = principal.name or principal.client_id,
      },
    },
  }
end

--- Answer a request to open an application: 200 with the application's facts, or a refusal.
---@param emulator table
---@param request table
---@param segments string[]      of the path: "instances", region, name, application
---@return table reply
function access.answer(emulator, request, segments)
  local ok, reply = pcall(act, emulator, request, segments)
  if ok then return reply end
  if not refusal.is(reply) then error(reply, 0) end
  return answer.of_refusal(reply, emulator.url or "http://127.0.0.1")
end

return access
