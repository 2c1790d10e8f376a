--- Split lists into pages. The link to the next page has an opaque $skip.
--- Source: spec/contract/compute-rest.md, section 3.1.
local answer = require "azureml.emulator.answer"
local json = require "azureml.json"

local page = {}

-- Tell whether a parameter of the query may be repeated in a link.
local function is_repeated(name, value)
  return name ~= "api-version" and name ~= "$skip" and name:find "^[%w$_-]+$"
    and value:find "^[%w ._,'/-]*$"
end

local function escaped(value)
  return (value:gsub("[ '/]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- Return the URL of the next page: the request's own path and query, with $skip last.
local function link(request, following)
  local query = { "api-version=" .. request.api_version }
  for name, value in pairs(request.query) do
    if is_repeated(name, value) then query[#query + 1] = name .. "=" .. escaped(value) end
  end
  query[#query + 1] = "$skip=p" .. following
  table.sort(query, function(a, b) return a:gsub("^%$", "~") < b:gsub("^%$", "~") end)
  return request.origin .. request.prefix .. request.path .. "?" .. table.concat(query, "&")
end

-- Return the part of a list that the request asks for, as indexes, and the URL of the next page or
-- nil.
local function part_of(request, all)
  local skipped = (request.query["$skip"] or ""):match "^p(%d+)$" or 0
  local first = math.tointeger(tonumber(skipped)) or #all
  local last = math.min(first + request.world.page_size, #all)
  local has_more = last < #all and last > first
  return first + 1, last, has_more and link(request, last) or nil
end

--- Answer with the page of a list that the request asks for.
---@param request table
---@param all table[]
---@param show fun(item: table): table      returns an item as the service shows it
---@return table
function page.of(request, all, show)
  local value = json.array {}
  local first, last, next_link = part_of(request, all)
  for index = first, last do value[#value + 1] = show(all[index]) end
  return answer.of { value = value, nextLink = next_link }
end

--- Answer as `of` does, with items that are JSON texts.
---@param request table
---@param all table[]
---@param text_of fun(item: table): string
---@return table
function page.of_texts(request, all, text_of)
  local texts = {}
  local first, last, next_link = part_of(request, all)
  for index = first, last do texts[#texts + 1] = text_of(all[index]) end
  local link_text = next_link and ('"nextLink":%s,'):format(json.encode(next_link)) or ""
  local reply = answer.of(nil)
  reply.body = ('{%s"value":[%s]}'):format(link_text, table.concat(texts, ","))
  return reply
end

return page
