--- Copy tables and list their contents. Every function treats nil as an empty table.
local tables = {}

--- Copy a table, one level deep.
---@param original table?
---@return table copy
function tables.copy(original)
  local copy = {}
  for key, value in pairs(original or {}) do copy[key] = value end
  return copy
end

--- Merge two tables into a new one. If both have a key, the value of the second one is used.
---@param base table?
---@param changes table?
---@return table merged
function tables.merge(base, changes)
  local merged = tables.copy(base)
  for key, value in pairs(changes or {}) do merged[key] = value end
  return merged
end

--- List the keys of a table, sorted.
---@param original table?
---@param before? fun(a: any, b: any): boolean      how to sort; default: "<"
---@return any[]
function tables.keys(original, before)
  local list = {}
  for key in pairs(original or {}) do list[#list + 1] = key end
  table.sort(list, before)
  return list
end

--- List the values of a table, sorted.
---@param original table?
---@param before? fun(a: any, b: any): boolean      how to sort; default: "<"
---@return any[]
function tables.values(original, before)
  local list = {}
  for _, value in pairs(original or {}) do list[#list + 1] = value end
  table.sort(list, before)
  return list
end

--- Write each key and its value as a text; list the texts, sorted.
---@param original table?
---@param write fun(key: any, value: any): string
---@return string[]
function tables.texts(original, write)
  local list = {}
  for key, value in pairs(original or {}) do list[#list + 1] = write(key, value) end
  table.sort(list)
  return list
end

--- Append the items of a list to another list.
---@param list any[]       modified
---@param more any[]?
---@return any[] list      the modified list
function tables.append(list, more)
  return table.move(more or {}, 1, #(more or {}), #list + 1, list)
end

--- Join the first items of a list and count the rest: "ann, bob and 3 more".
---@param list any[]
---@param most integer           how many items are shown
---@param separator? string      default: ", "; if given, it also precedes "and 3 more"
---@return string
function tables.excerpt(list, most, separator)
  local shown = {}
  for i = 1, math.min(#list, most) do shown[i] = tostring(list[i]) end
  local text = table.concat(shown, separator or ", ")
  if #list <= most then return text end
  return ("%s%sand %d more"):format(text, separator or " ", #list - most)
end

return tables
