local page = require "azureml.emulator.page"

local function at(query)
  return {
    world = { page_size = 2 }, origin = "http://127.0.0.1", path = "/a", prefix = "",
    api_version = "2024-04-01", query = query or {},
  }
end

local ALL = { { "a" }, { "b" }, { "c" }, { "d" } }

local function names(given)
  local found = {}
  for i, one in ipairs(given.json.value) do found[i] = one.name end
  return table.concat(found, " "), given.json.nextLink
end

local function show(one) return { name = one[1] } end

describe("a page of a list", function()
  for _, row in ipairs {
    { nil, "a b", "http://127.0.0.1/a?api-version=2024-04-01&$skip=p2" }, { "p2", "c d" },
    { "p3", "d" }, { "p4", "" }, { "p900", "" },
    { "p99999999999999999999", "" },
    { "3", "a b", "http://127.0.0.1/a?api-version=2024-04-01&$skip=p2" },
  } do
    it("begins where $skip says: " .. tostring(row[1]), function()
      local given, link = names(page.of(at { ["$skip"] = row[1] }, ALL, show))
      assert.same({ row[2], row[3] }, { given, link })
    end)
  end

  it("links to the next with the rest of what was asked, and nothing that "
    .. "does not belong into a URL", function()
    local _, link = names(page.of(at { kind = "Default", ["x\ny"] = "1", z = "a&b=c" }, ALL, show))
    assert.equal("http://127.0.0.1/a?api-version=2024-04-01&kind=Default&$skip=p2", link)
  end)
end)
