local door = require "spec.door"
local json = require "azureml.json"

local function open(given)
  given = given or {}
  given.seed = { instances = { ["ci-ann"] = "Running" } }
  return door.open(given)
end

local function stop(at) return select(3, at:ask("POST", at:path "computes/ci-ann/stop")) end

local function parts(url)
  local found = {}
  for name, value in url:gmatch "[?&]([^=]+)=([^&]*)" do found[name] = value end
  return found
end

describe("an operation", function()
  it("is told of by a URL as long as the live ones, of which only the signature "
    .. "and the hash are its own", function()
    local at = open()
    local one = parts(stop(at)["Azure-AsyncOperation"])
    at.emulator:advance "10m"
    local other = parts(
      select(3, at:ask("POST", at:path "computes/ci-ann/start"))["Azure-AsyncOperation"])
    assert.same({ 2196, 342, 43, "new" }, { #one.c, #one.s, #one.h, one.service })
    assert.equal(one.c, other.c)
    assert.are_not.equal(one.s, other.s)
  end)

  it("is told of by Location alone where a verb says so, and a deletion by both", function()
    local at = open()
    local _, _, headers = at:ask("DELETE",
      at:path "computes/ci-ann?underlyingResourceAction=Delete")
    assert.is_truthy(headers.Location:find("/computeOperationsResult/", 1, true))
    assert.is_truthy(headers["Azure-AsyncOperation"]:find("/computeOperationsStatus/", 1, true))
    assert.is_nil(headers["Retry-After"])
  end)

  for _, place in ipairs { "computeOperationsStatus", "computeOperationsResult" } do
    it("is answered at " .. place .. " only to who has the signature", function()
      local at = open()
      local target = stop(at)["Azure-AsyncOperation"]:gsub("^http://[^/]+",
        ""):gsub("computeOperationsStatus", place)
      assert.equal(403, (at:ask("GET", (target:gsub("&s=..", "&s=zz")))))
      assert.equal(404, (at:ask("GET", (target:gsub(place .. "/%x+", place .. "/00000000")))))
      assert.is_true((at:ask("GET", target)) < 300)
    end)
  end

  it("has a pace of its own where the clock is sped up, at its result too", function()
    local at = open { manual = false, speed = 100 }
    at.emulator:behave { location = true }
    local headers = stop(at)
    local _, _, again = at:ask("GET", (headers.Location:gsub("^http://[^/]+", "")))
    assert.same({ "100", "100" }, { headers["retry-after-ms"], again["retry-after-ms"] })
  end)

  it("says Canceled only where that was asked for", function()
    for word, said in pairs { Canceled = "Canceled", Failed = "Failed", Strange = "Failed" } do
      local at = open()
      at.emulator:fault { answer = { operation = word } }
      local headers = stop(at)
      at.emulator:advance "10m"
      local _, value = at:follow(headers)
      assert.same({ said, "OperationFailed" }, { value.status, json.get(value, "error", "code") })
    end
  end)
end)
