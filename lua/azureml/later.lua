--- A module that is loaded when it is first looked into: most scripts never need it, and each file costs some of their start.

---@param name string      as for require; a module that is a table
---@return table           stands for it
return function(name)
  local meta = {}
  function meta.__index(_, key)
    meta.__index = require(name)
    return meta.__index[key]
  end
  return setmetatable({}, meta)
end
