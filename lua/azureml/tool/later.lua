--- Load a module when a field of it is first read. Most scripts never need some modules, and each
--- file that is loaded makes the start slower.

---@param name string      as for require; a module that is a table
---@return table           a stand-in with the fields of the module
return function(name)
  local meta = {}
  function meta.__index(_, key)
    meta.__index = require(name)
    return meta.__index[key]
  end
  return setmetatable({}, meta)
end
