--- Lists by pages. What follows is asked for by an opaque $skip, in a link.
--- Source: spec/contract/compute-rest.md, section 3.1.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"

local page = {}

-- The link back to where was asked, with the rest of its query.
local function link(at, following)
  local query = { "api-version=" .. at.api_version }
  for name, value in pairs(at.query) do
    if name ~= "api-version" and name ~= "$skip" and name:find "^[%w$_-]+$" and value:find "^[%w ._,-]*$" then
      query[#query + 1] = name .. "=" .. value:gsub(" ", "%%20")
    end
  end
  query[#query + 1] = "$skip=p" .. following
  table.sort(query, function(a, b) return a:gsub("^%$", "~") < b:gsub("^%$", "~") end)      -- the page last
  return at.origin .. at.path .. "?" .. table.concat(query, "&")
end

--- One page of a list.
---@param at table
---@param all table[]
---@param shown fun(one: table): table
---@return table
function page.of(at, all, shown)
  local value = json.array {}
  local first = math.tointeger(tonumber((at.query["$skip"] or ""):match "^p(%d+)$" or 0)) or #all
  for i = first + 1, math.min(first + at.world.page_size, #all) do value[#value + 1] = shown(all[i]) end
  local following = first + #value
  return answer.of { value = value, nextLink = following < #all and #value > 0 and link(at, following) or nil }
end

return page
