local door = require "spec.door"

describe("the resources of a subscription", function()
  local at = door.open { seed = { workspaces = {
    { name = "far", resource_group = "Second", location = "westeurope" }, { name = "near" },
  } } }
  local base = "/subscriptions/" .. door.SUBSCRIPTION

  local function names(path, filter, more)
    local query = filter and "&$filter=" .. filter:gsub(" ", "%%20"):gsub("'", "%%27") or ""
    local target = base .. path .. "?api-version=2021-04-01" .. query .. (more or "")
    local status, value = at:ask("GET", target)
    if status ~= 200 then return status, value.error end
    local found = {}
    for index, each in ipairs(value.value) do found[index] = each.name end
    return table.concat(found, " "), value
  end

  for _, row in ipairs {
    { "/resources", nil, "emulator far near" }, { "/resources", "", "emulator far near" },
    { "/resources", "resourceType eq 'Microsoft.MachineLearningServices/workspaces'",
      "emulator far near" },
    { "/resources", "resourceType eq 'microsoft.machinelearningservices/WORKSPACES'"
      .. " and resourceGroup eq 'second'", "far" },
    { "/resources", "resourceType eq 'Microsoft.Storage/storageAccounts'", "" },
    { "/resources", "name eq 'near'", "near" }, { "/resources", "location eq 'WestEurope'", "far" },
    { "/resourceGroups/SECOND/resources", nil, "far" },
  } do
    it(("at %s are filtered: %s"):format(row[1], row[2]), function()
      assert.equal(row[3], (names(row[1], row[2])))
    end)
  end

  for _, filter in ipairs {
    "tagName eq 'a'", "name eq near", "name ne 'near'", "name eq 'a' or name eq 'b'", "name",
  } do
    it("refuse a filter that is not served: " .. filter, function()
      local status, refused = names("/resources", filter)
      assert.same({ 400, "InvalidFilterInQueryString" }, { status, refused.code })
    end)
  end

  it("say what they are, and more where that is asked for", function()
    local _, plain = names "/resources"
    local _, more = names("/resources", nil, "&$expand=createdTime,provisioningState")
    assert.equal("Microsoft.MachineLearningServices/workspaces", plain.value[1].type)
    assert.is_nil(plain.value[1].provisioningState)
    assert.equal("Succeeded", more.value[1].provisioningState)
    assert.is_string(more.value[1].createdTime)
    assert.is_nil(more.value[1].changedTime)
  end)

  it("are listed by pages, with the filter in the link", function()
    at.emulator:set_page_size(1)
    local first, page = names("/resources", "location eq 'eastus'")
    local _, second = at:ask("GET", (page.nextLink:gsub("^http://[^/]+", "")))
    at.emulator:set_page_size(100)
    assert.same({ "emulator", "near" }, { first, second.value[1].name })
  end)
end)
