--- Refuse what a list that is read once, item by item, does not have: an index, a length, pairs.
local errors = require "azureml.error"

local single_pass = {}

--- Let the lists of a class refuse an index, a length and pairs, each with the remedy.
---@param metatable table     of the lists; changed
---@param methods table       of the lists
---@param items string        what the list holds: "instances"
---@param item string         what a loop calls one of them: "vm"
function single_pass.add_to(metatable, methods, items, item)
  local function refuse(what, instead)
    errors.mistake("%s: a list of %s is read from the service as it is needed: use %s", what, items,
      instead)
  end

  function metatable.__index(_, key)
    if type(key) == "number" then refuse("list[i] or ipairs(list)", "list:all()") end
    return methods[key]
  end

  function metatable.__len()
    refuse("#list", "#list:all()")
  end

  function metatable.__pairs()
    refuse("pairs(list)", ("list:all(), or 'for %s in list do'"):format(item))
  end
end

return single_pass
