--- Change this process's environment for a spec: the core reads some variables itself.
local environment = require "environment"

local Surroundings = {}
Surroundings.__index = Surroundings

function Surroundings:close()
  for name, value in pairs(self.before) do environment.set(name, value or nil) end
  self.before = {}
end

Surroundings.__close = Surroundings.close

--- Set variables. The value false removes a variable; so does its name in the list.
function Surroundings:set(variables)
  for name, value in pairs(variables) do
    if math.type(name) == "integer" then name, value = value, false end
    if self.before[name] == nil then self.before[name] = os.getenv(name) or false end
    environment.set(name, value or nil)
  end
end

--- Set variables until the end of the scope.
---@param variables table<string, string|false>|string[]
return function(variables)
  local self = setmetatable({ before = {} }, Surroundings)
  self:set(variables)
  return self
end
