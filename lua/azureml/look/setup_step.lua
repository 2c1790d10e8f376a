--- Tell which setup scripts of an instance run, for the progress of a wait. The service tells only
--- that one runs; which one follows from the verb and from the scripts that the instance has.
--- Source: spec/contract/compute-rest.md, sections 7.6 and 9.3; spec/contract/neighbours.md,
--- section 6.
local setup_step = {}

-- verb -> the scripts that it runs, in this order; any other verb runs those of a start
local SCRIPTS = { create = { "creation_script", "startup_script" } }
local AT_START = { "startup_script" }

local WORDS = { creation_script = "creation script", startup_script = "startup script" }

--- Return what runs while a verb is in progress: "the creation script runs".
---@param verb string
---@param vm azureml.Instance?
---@return string?      nil: no script runs, or it is not known which
function setup_step.of(verb, vm)
  if not vm or vm.state ~= "UserSettingUp" then return nil end
  local scripts, words = vm.setup_scripts or {}, {}
  for _, name in ipairs(SCRIPTS[verb] or AT_START) do
    if scripts[name] then words[#words + 1] = WORDS[name] end
  end
  if #words == 0 then return nil end
  if #words == 1 then return ("the %s runs"):format(words[1]) end
  return ("the %s and then the %s run"):format(words[1], words[2])
end

return setup_step
