local door = require "spec.door"
local json = require "azureml.json"

describe("the emulator's control endpoint", function()
  local at

  before_each(function() at = door.open() end)

  local function ask(method, path, body, headers)
    local all = { host = "127.0.0.1:1234" }
    for name, value in pairs(headers or {}) do all[name] = value end
    return at:send {
      method = method, target = "/emulator/" .. path, headers = all, body = body or "",
    }
  end

  it("tells the names and the secret of its default world", function()
    local status, value = ask("GET", "settings")
    assert.equal(200, status)
    assert.same(at.names, value)
  end)

  it("moves the clock, and tells where it stands", function()
    local _, before = ask("GET", "state")
    local status, after = ask("POST", "advance", '{"seconds":"1h"}')
    assert.equal(200, status)
    local function hour(value) return tonumber(value.now:match "T(%d%d):") end
    assert.equal((hour(before) + 1) % 24, hour(after))
    assert.equal(200, (ask("POST", "advance", '{"seconds":90}')))
  end)

  it("counts requests, tokens and verbs", function()
    at:ask("PUT", at:path "computes/ci-ann", door.instance())
    at:ask("PUT", at:path "computes/ci-bob", door.instance())
    local _, counts = ask("GET", "requests")
    assert.same({ create = 2, delete = 0, start = 0, stop = 0, restart = 0 }, counts)
    local _, state = ask("GET", "state")
    assert.equal(4, state.requests)
    assert.equal(1, state.tokens)
  end)

  it("takes one fault or a list of them, all or none", function()
    assert.equal(204,
      (ask("POST", "faults",
        '{"answer":{"status":500,"json":{}},"times":1,"match":{"method":"GET"}}')))
    assert.equal(500, (at:ask("GET", at:path "computes")))
    assert.equal(200, (at:ask("GET", at:path "computes")))
    assert.equal(400, (ask("POST", "faults", '[{"answer":{"status":500}},{"answer":"explode"}]')))
    assert.equal(200, (at:ask("GET", at:path "computes")))
    assert.equal(204,
      (ask("POST", "faults", '[{"answer":{"status":500}},{"answer":{"status":502}}]')))
    assert.same({ 500, 502 },
      { (at:ask("GET", at:path "computes")), (at:ask("GET", at:path "computes")) })
  end)

  it("lists what trouble there is, what was asked for, and forgets it", function()
    local _, known = ask("GET", "troubles")
    assert.same({ "seconds" }, known.slow.takes)
    assert.same({ nil, { "create", "resize" } }, { known.slow.verbs, known.quota_total.verbs })
    assert.is_string(known.capacity.says)
    assert.equal(204,
      (ask("POST", "faults",
        '{"trouble":{"name":"slow","seconds":9},"match":{"name":"ci-ann"},"times":3}')))
    local _, list = ask("GET", "faults")
    assert.same(
      { { match = { name = "ci-ann" }, after = 0, times = 3,
        trouble = { name = "slow", seconds = 9 } } }, list)
    assert.equal(204, (ask("DELETE", "faults")))
    local _, none = ask("GET", "faults")
    assert.same({}, none)
  end)

  it("takes every trouble that it lists, with every option, and what it lists as asked for",
    function()
      local VALUES = {
        seconds = 1, retry_after = 1, code = 90033, claims = "{}", message = "as asked",
      }
      local _, known = ask("GET", "troubles")
      for name, row in pairs(known) do
        local rule, inside = { trouble = name }, { name = name }
        for _, option in ipairs(row.takes) do
          local value = name == "operation_failed" and "Mine" or VALUES[option]
          rule[option], inside[option] = value, value
        end
        for _, each in ipairs { { trouble = name }, rule, { trouble = inside } } do
          assert.equal(204, (ask("POST", "faults", json.encode(each))), name)
        end
      end
      ask("POST", "faults", '[{"answer":{"status":500}},{"answer":{"operation":"Failed"}}]')
      local _, list = ask("GET", "faults")
      assert.equal(204, (ask("POST", "faults", json.encode(list))))
      local _, twice = ask("GET", "faults")
      assert.equal(2 * #list, #twice)
    end)

  it("adds virtual networks and stored SSH keys, one or several", function()
    assert.equal(204, (ask("POST", "virtual_networks", '{"name":"v","subnets":["s"]}')))
    assert.equal(204, (ask("POST", "ssh_keys", '[{"name":"a"},{"name":"b","public_key":"x"}]')))
    local group = ("/subscriptions/%s/resourceGroups/emulator/providers/"):format(
      at.names.subscription_id)
    assert.equal(200, (at:ask("GET", group .. "Microsoft.Network/virtualNetworks/v/subnets/s")))
    assert.equal(404, (at:ask("GET", group .. "Microsoft.Network/virtualNetworks/v/subnets/t")))
    assert.equal(200, (at:ask("GET", group .. "Microsoft.Compute/sshPublicKeys/b")))
    for _, body in ipairs { "{}", "5", '[{"name":"c"},{}]', '{"name":"c","key":"x"}' } do
      assert.equal(400, (ask("POST", "ssh_keys", body)), body)
    end
    assert.equal(404, (at:ask("GET", group .. "Microsoft.Compute/sshPublicKeys/c")))
  end)

  it("tells how its clock runs, and changes it", function()
    local _, before = ask("GET", "clock")
    assert.same({ 1, true }, { before.speed, before.manual })
    local status, after = ask("POST", "clock", '{"advance":"1h","speed":60}')
    assert.same({ 200, 60 }, { status, after.speed })
    assert.are_not.equal(before.now, after.now)
  end)

  it("changes how long tokens live, how long a page is, and how much may be asked", function()
    assert.equal(204,
      (ask("POST", "settings", '{"token_lifetime":60,"page_size":1,"throttle":{"reads":[3,1]}}')))
    at:use(at.emulator.owner)
    at:ask("PUT", at:path "computes/ci-ann", door.instance())
    at:ask("PUT", at:path "computes/ci-bob", door.instance())
    local _, page, headers = at:ask("GET", at:path "computes")
    assert.same({ 1, "2" }, { #page.value, headers["x-ms-ratelimit-remaining-subscription-reads"] })
    at:ask("GET", at:path "computes")
    at:ask("GET", at:path "computes")
    assert.equal(429, (at:ask("GET", at:path "computes")))
    assert.equal(204, (ask("POST", "settings", '{"throttle":false}')))
    assert.equal(200, (at:ask("GET", at:path "computes")))
    at.emulator:advance "2m"
    assert.equal(401, (at:ask("GET", at:path "computes")))
  end)

  for _, row in ipairs {
    { "settings", '{"page_size":0}', "page_size must be a whole number" },
    { "settings", '{"throttle":5}', "throttle" },
    { "settings", '{"pagesize":1}', "no option 'pagesize'" },
    { "clock", '{"speed":0}', "'speed' is a number" },
    { "clock", '{"advance":"x"}', "'advance' is a number" },
    { "clock", '{"back":1}', "no option 'back'" },
    { "advance", "hello", "not JSON" }, { "advance", "{}", "'seconds' is a number" },
    { "advance", '{"seconds":-1}', "'seconds' is a number" },
    { "advance", '{"seconds":1e300}', "'seconds' is a number" },
    { "advance", '"x"', "'seconds' is a number" },
    { "faults", "5", "a table of options expected" },
    { "faults", '{"answer":"explode"}', "a fault's trouble" },
    { "faults", '{"answer":"reset","match":{"path":"%"}}', "not a Lua pattern" },
    { "faults", '{"anwser":"reset"}', "no option 'anwser'" },
  } do
    it(("refuses POST %s %s"):format(row[1], row[2]), function()
      local status, value = ask("POST", row[1], row[2])
      assert.equal(400, status)
      assert.is_truthy(value.error.message:find(row[3], 1, true), value.error.message)
      assert.equal(200, (at:ask("GET", at:path "computes")))      -- nothing of it was taken
    end)
  end

  for _, row in ipairs {
    { "GET", "" }, { "GET", "nothing" }, { "DELETE", "settings" }, { "POST", "requests" },
    { "GET", "advance" },
  } do
    it(("knows no %s /%s, and says what it knows"):format(row[1], row[2]), function()
      local status, value = ask(row[1], row[2])
      assert.equal(404, status)
      assert.is_truthy(value.error.message:find("GET settings", 1, true))
    end)
  end

  for _, row in ipairs {
    { "a page of another origin", { origin = "https://evil.example" } },
    { "a page without an origin of its own", { origin = "null" } },
    { "a name that was rebound", { host = "evil.example" } },
    { "a name that looks like loopback", { host = "127.0.0.1.evil.example" } },
    { "no host", { host = "" } },
  } do
    it("refuses " .. row[1], function()
      assert.equal(403, (ask("GET", "settings", nil, row[2])))
    end)
  end

  for _, headers in ipairs {
    { host = "localhost:1" }, { host = "[::1]:1" },
    { host = "127.0.0.1", origin = "http://127.0.0.1:8080" },
  } do
    it("serves programs on this machine: " .. headers.host, function()
      assert.equal(200, (ask("GET", "settings", nil, headers)))
    end)
  end

  it("wants the key of an emulator that gives a shell", function()
    at.emulator.key = "k3y"
    local status, value = ask("GET", "token")
    assert.equal(401, status)
    assert.matches("in the header X%-Emulator%-Key", value.error.message)
    assert.equal(401, (ask("GET", "token", nil, { ["x-emulator-key"] = "wrong" })))
    assert.equal(200, (ask("GET", "token", nil, { ["x-emulator-key"] = "k3y" })))
    assert.equal(403, (at:send {
      method = "GET", target = "/devicelogin", headers = { host = "127.0.0.1" },
    }))
    assert.equal(200, (at:send {
      method = "GET", target = "/devicelogin?emulator_key=k3y", headers = { host = "127.0.0.1" },
    }))
  end)
end)
