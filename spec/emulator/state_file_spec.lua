local core = require "azureml.core"
local door = require "spec.door"
local errors = require "azureml.error"
local json = require "azureml.json"
local process = require "spec.process"
local state_file = require "azureml.emulator.state_file"

local read = process.read

local function clock_at(now)
  return { now = function() return now end }
end

local function nothing() end

-- What a state holds, as a later process finds it.
local function found(path)
  local again = state_file.open(path)
  again:close()
  return again.records, again.position
end

describe("the emulator's state", function()
  local directory, path

  before_each(function()
    directory = process.directory()
    path = directory .. "/state"
  end)
  after_each(function() process.remove(directory) end)

  local function begin(each)
    local one = state_file.open(path)
    one:begin(clock_at(1000), each or nothing)
    return one
  end

  it("is a line for all that one request has changed", function()
    local one = begin()
    local before = read(path)
    one:note("compute", "a/b", { name = "b", tags = {}, list = json.array {} })
    one:note("operation", "1", { id = "1" })
    one:note("compute", "a/b", { name = "b", tags = {}, list = json.array {}, at = 0.1 })
    assert.equal(before, read(path))
    assert.is_true(one:commit())
    local _, lines = read(path):sub(#before + 1):gsub("\n", "")
    assert.equal(1, lines)
    assert.is_true(one:commit())
    one:close()
    local records, position = found(path)
    assert.equal(
      '{"compute":{"a/b":{"at":0.1,"list":[],"name":"b","tags":{}}},"operation":{"1":{"id":"1"}}}',
      json.encode(records))
    assert.equal(1000, position[1])
    assert.is_true(math.abs(position[2] - core.time()) < 60)
  end)

  it("holds what is, and not what was", function()
    local one = begin()
    for i = 1, 3 do
      one:note("compute", "x", { i = i })
      one:commit()
    end
    one:note("compute", "y", { i = 9 })
    one:commit()
    one:note("compute", "y", nil)
    one:close()
    assert.same({ compute = { x = { i = 3 } } }, (found(path)))
  end)

  it("is written whole when it is begun, and when it has outgrown what it tells", function()
    local live = { i = 0, text = ("x"):rep(1000) }
    local one = begin(function(visit) visit("compute", "x", live) end)
    local small, most = one.file:size(), 0
    for i = 1, 3000 do
      live.i = i
      one:note("compute", "x", live)
      one:commit()
      most = math.max(most, one.file:size())
    end
    assert.is_true(most < 2 * small + 1024 * 1024 + 5000, most)
    assert.is_true(most > 1024 * 1024)
    one:close()
    assert.equal(3000, found(path).compute.x.i)
  end)

  it("is for its owner alone, and for one process at a time", function()
    local one = begin()
    assert.equal("600", process.run({ "stat", "-c", "%a", path }):match "%d+")
    local _, err = errors.try(state_file.open, path)
    assert.equal("StateFailed", err.code)
    assert.equal(("the state in %s cannot be used: another emulator uses it"):format(path),
      err.message)
    one:note("compute", "x", {})
    one.file:rewrite(read(path))      -- it is another file now: the lock went along
    assert.is_false((pcall(state_file.open, path)))
    one:close()
    state_file.open(path):close()
  end)

  it("leaves out a last line that was torn, wherever that was", function()
    local one = begin()
    one:note("compute", "x", { i = 1 })
    one:commit()
    local before = #read(path)
    one:note("compute", "x", { i = 2 })
    one:commit()
    one.file:close()
    local text = read(path)
    for length = 0, #text do
      process.write(path, text:sub(1, length))
      local records = found(path)
      if length >= before then assert.equal(length == #text and 2 or 1, records.compute.x.i) end
    end
  end)

  for what, spoil in pairs {
    ["line 3 is damaged"] = function(text)
      return text:gsub("\n{", "\n[", 2):gsub("\n%[", "\n{", 1)
    end,
    ["line 2 is damaged"] = function(text)
      return (text:gsub('"set":%[', '"set":[["compute"],', 1))
    end,
    ["it is not an emulator's state"] = function(text) return "anything\n" .. text end,
    ["it is of version 7, and this azureml reads version 1"] = function(text)
      return (text:gsub('"version":1', '"version":7'))
    end,
  } do
    it("is refused when " .. what, function()
      local one = begin(function(visit) visit("compute", "w", {}) end)
      one:note("compute", "x", { i = 1 })
      one:commit()
      one.file:close()
      local text = spoil(read(path))
      process.write(path, text)
      local _, err = errors.try(state_file.open, path)
      assert.equal(("the state in %s cannot be used: %s"):format(path, what), err.message)
      assert.equal("move the file away to start with a new state", err.hint)
      assert.equal(text, read(path))
    end)
  end

  for what, make in pairs {
    ["it is a symbolic link"] = function(at) os.execute(("ln -s /etc/passwd '%s'"):format(at)) end,
    ["it is not a regular file"] = function(at) os.execute(("mkfifo '%s'"):format(at)) end,
    ["others may write to it"] = function(at) process.write(at, "", "666") end,
    ["it has another name as well"] = function(at)
      os.execute(("touch '%s' && ln '%s' '%s.2'"):format(at, at, at))
    end,
    ["No such file or directory"] = function(at)
      os.execute(("rmdir '%s'"):format(at:match "^(.*)/"))
    end,
  } do
    it("is refused because " .. what, function()
      make(path)
      local _, err = errors.try(state_file.open, path)
      assert.equal(("the state in %s cannot be used: %s"):format(path, what), err.message)
    end)
  end

  it("that cannot be written is said, and tried again with the next change", function()
    local one = begin()
    local append = one.file.append
    local file = one.file
    one.file = setmetatable({ append = function() return nil, "No space left on device" end },
      { __index = function(_, name)
      return function(_, ...) return file[name](file, ...) end
    end })
    one:note("compute", "x", { i = 1 })
    assert.same({ false, "No space left on device" }, { one:commit() })
    one.file = file
    assert.is_truthy(append)
    one:note("compute", "y", { i = 2 })
    assert.is_true(one:commit())
    one:close()
    assert.same({ compute = { x = { i = 1 }, y = { i = 2 } } }, (found(path)))
  end)

  describe("behind an emulator", function()
    it("brings back all of it: names, secret, workspaces, instances, "
      .. "and how far they have got", function()
      local at = door.open {
        state = path, seed = { instances = { ["Ci-Old"] = "Stopped" }, quotas = { clusters = 3 } },
      }
      at.emulator:ensure_workspace {
        subscription_id = door.SUBSCRIPTION, resource_group = "Other", workspace_name = "Second",
      }
      assert.equal(201, (at:ask("PUT", at:path "computes/ci-new", door.instance {
        schedules = { computeStartStop = json.array {} },
      })))
      at.emulator:advance "250s"
      local _, before = at:ask("GET", at:path "computes/ci-new")
      assert.equal("SettingUp", before.properties.properties.state)
      local names = at.emulator:settings()
      local _, listed, _, body = at:ask("GET", at:path "computes")
      at.emulator:close()
      at = door.open { state = path, seed = { instances = { ["ci-other"] = "Running" } } }
      assert.same(names, at.emulator:settings())
      assert.equal(2, #listed.value)
      assert.equal(body, select(4, at:ask("GET", at:path "computes")))
      assert.equal(3, at.emulator.world.quotas.clusters)
      assert.equal(2,
        #at.emulator.world:workspaces(at.emulator.world:subscription(door.SUBSCRIPTION)))
      at.emulator:advance "60s"
      local _, after = at:ask("GET", at:path "computes/ci-new")
      assert.equal("Running", after.properties.properties.state)
      at.emulator:close()
    end)

    it("still takes the tokens that it issued", function()
      local at = door.open { state = path }
      local token = at.token
      at.emulator:close()
      at = door.open { state = path }
      local status = at:ask("GET", at:path "computes", nil, { authorization = "Bearer " .. token })
      assert.equal(200, status)
      at.emulator:close()
    end)

    it("keeps an operation and its URL", function()
      local at = door.open { state = path, seed = { instances = { ["ci-ann"] = "Running" } } }
      local _, _, headers = at:ask("POST", at:path "computes/ci-ann/stop")
      at.emulator:close()
      at = door.open { state = path }
      assert.equal("InProgress", select(2, at:follow(headers)).status)
      at.emulator:advance "90s"
      assert.equal("Succeeded", select(2, at:follow(headers)).status)
      at.emulator:close()
    end)

    it("does not go back in time: what was seen to have happened has happened", function()
      local at = door.open { state = path, seed = { instances = { ["ci-ann"] = "Running" } } }
      at:ask("DELETE", at:path "computes/ci-ann?underlyingResourceAction=Delete")
      at.emulator.clock.moved = 1000      -- as time does by itself: without a notice
      assert.equal(404, (at:ask("GET", at:path "computes/ci-ann")))
      at.emulator.state.file:close()      -- killed
      at = door.open { state = path }
      assert.equal(404, (at:ask("GET", at:path "computes/ci-ann")))
      at.emulator:close()
    end)

    it("that cannot be written acknowledges nothing", function()
      local at = door.open { state = path, seed = { instances = { ["ci-ann"] = "Running" } } }
      at.emulator.state.commit = function() return false, "No space left on device" end
      local status, value = at:ask("POST", at:path "computes/ci-ann/stop")
      assert.equal(500, status)
      assert.equal("The emulator failed: its state cannot be written: No space left on device",
        value.error.message)
    end)
  end)
end)
