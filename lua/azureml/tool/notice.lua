--- Tell the observer of this process what its verbs do. The files that do the verbs tell; the
--- package azureml.observe listens where the user has asked for a report.
local notice = {}

local observer      -- nil: the process is not observed

--- Tell an object from now on.
---@param object table?      has a method for each kind of notice, as azureml.observe.run; nil: stop
function notice.observe(object)
  observer = object
end

--- Tell the observer of something, if there is one.
---@param kind string
---@param ... any
function notice.tell(kind, ...)
  if observer then observer[kind](observer, ...) end
end

return notice
