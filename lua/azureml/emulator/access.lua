--- Who may open an instance's applications: Jupyter, the terminal. Only who created it or whom it
--- was created for, whatever role others have; and only while it runs. In Azure each instance has a
--- host of its own; here it is a path: /instances/REGION/NAME/APPLICATION.
--- Source: spec/contract/compute-rest.md, sections 10 and 11.
local answer = require "azureml.emulator.answer"
local authenticate = require "azureml.emulator.authenticate"
local authorise = require "azureml.emulator.authorise"
local refusal = require "azureml.emulator.refusal"
local show = require "azureml.emulator.show"

local access = {}

local OPEN = "workspaces/computes/applicationaccess/action"
local RUNS = { Running = true, JobRunning = true }

-- Tokens for the service itself open them too.
local AUDIENCES = { ["https://ml.azure.com"] = true }

--- The object id of whose an instance is: the assigned user's, else the creator's.
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
function access.check(emulator, principal, compute, scope)
  authorise(emulator.roles, principal, OPEN, scope)
  if principal.object_id:lower() ~= access.owner(compute):lower() then refusal.raise("not_yours", compute.name) end
end

-- "tree", "lab", or a name as it is shown: "Jupyter Lab".
local function find_application(shown, wanted)
  for _, one in ipairs(shown.properties.properties.applications) do
    local path = one.endpointUri:match "^https?://[^/]+/([^/]*)"
    if one.displayName:lower() == wanted or path:lower() == wanted then return one end
  end
end

local function act(emulator, request, segments)
  local now = emulator.clock:now()
  local principal = authenticate(emulator, request, now, nil, AUDIENCES)
  local compute = emulator.world:instance_named(segments[3] or "")
  local there = compute and not compute.kind and compute.workspace.location:lower() == (segments[2] or ""):lower()
  if not there then refusal.raise("no_instance", segments[3] or "", segments[2] or "") end
  local shown = show.compute(compute, compute.workspace, now)
  local application = find_application(shown, (segments[4] or ""):lower())
  if not application then refusal.raise("no_application", compute.name, segments[4] or "") end
  access.check(emulator, principal, compute, shown.id)
  local state = shown.properties.properties.state
  if not RUNS[state] then refusal.raise("not_running", compute.name, state) end
  return {
    status = 200,
    json = { instance = compute.name, application = application.displayName, endpointUri = application.endpointUri,
      openedBy = { objectId = principal.object_id, name = principal.name or principal.client_id } },
  }
end

--- Answer a request to open an application: 200 and which it is, or why not.
---@param emulator table
---@param request table
---@param segments string[]
---@return table given
function access.answer(emulator, request, segments)
  local ok, given = pcall(act, emulator, request, segments)
  if ok then return given end
  if not refusal.is(given) then error(given, 0) end
  return answer.of_refusal(given, emulator.url or "http://127.0.0.1")
end

return access
