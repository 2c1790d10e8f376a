-- Check that the benchmark's parts work, with counts too small to measure anything.
local azureml = require "azureml"
local certificate = require "spec.certificate"
local process = require "spec.process"
local served = require "spec.bench.served"

local tools = process.root .. "/build/bench/"

local function run(tool, ...)
  local output, errors, code = process.run { tools .. tool, ... }
  assert.equal(0, code, errors)
  return output
end

describe("the benchmark", function()
  local server

  before_each(function()
    server = served.start(tools .. "server", "--takes", "0.05", "--retry-after", "0.02", "--list",
      "250")
  end)
  after_each(function() server:close() end)

  it("refuses a job that it does not have", function()
    local _, errors, code = process.executable(
      { "spec/bench/bench.lua", "build" }, { BENCH_JOBS = "get gte" })
    assert.equal(1, code)
    assert.matches("BENCH_JOBS: there is no job 'gte'", errors)
  end)

  it("measures decoding by itself", function()
    local output, errors, code = process.executable {
      "spec/bench/ours.lua", server.url, "decode", "2"
    }
    assert.equal(0, code, errors)
    assert.is_true(azureml.json.decode(output).seconds > 0)
  end)

  local jobs = {
    { "a cold start",            { "cold" },
      { tokens = 1, gets = 1, pages = 0, starts = 0 } },
    { "GETs one at a time",      { "get", "7", "1" },
      { tokens = 1, gets = 7, pages = 0, starts = 0 } },
    { "GETs side by side",       { "get", "7", "3" },
      { tokens = 1, gets = 7, pages = 0, starts = 0 } },
    { "a list",                  { "list" },
      { tokens = 1, gets = 0, pages = 3, starts = 0 } },
    { "starts, waited for",      { "start", "5", "2" },
      { tokens = 1, gets = 0, pages = 0, starts = 5 } },
  }
  for _, job in ipairs(jobs) do
    it("sends the same requests on both sides: " .. job[1], function()
      local seen = {}
      run("floor", server.url, table.unpack(job[2]))
      seen.floor = server:stats()
      local _, errors, code = process.executable(
        { "spec/bench/ours.lua", server.url, table.unpack(job[2]) },
        { XDG_STATE_HOME = process.root .. "/build/home" })
      assert.equal(0, code, errors)
      seen.ours = server:stats()
      for _, stats in pairs(seen) do
        for name, count in pairs(job[3]) do assert.equal(count, stats[name], name) end
        assert.equal(0, stats.early)
        assert.is_true(stats.polls >= job[3].starts)
      end
    end)
  end

  it("measures over TLS: both sides verify the server, ours resumes sessions", function()
    local authority = certificate.authority()
    certificate.server(authority, "IP:127.0.0.1")
    local own <close> = served.start_tls(authority, tools .. "server", "--list", "250", "--takes",
      "0.05", "--retry-after", "0.02")
    local sides = {
      floor = { tools .. "floor", own.url, "list" },
      ours = { process.executable_path, "spec/bench/ours.lua", own.url, "list" },
    }
    for name, argv in pairs(sides) do
      local environment = { XDG_STATE_HOME = process.root .. "/build/home" }
      local _, _, code = process.run(argv, environment)
      assert.not_equal(0, code, name .. " accepted the certificate of an unknown authority")
      environment.SSL_CERT_FILE = authority.ca_file
      local _, errors, ended = process.run(argv, environment)
      assert.equal(0, ended, errors)
      local seen = own:stats()
      assert.equal(1, seen.tokens, name)
      assert.equal(3, seen.pages, name)
    end
    local _, errors, code = process.executable(
      { "spec/bench/ours.lua", own.url, "get", "400", "20" }, { SSL_CERT_FILE = authority.ca_file })
    assert.equal(0, code, errors)
    local seen = own:stats()
    assert.is_true(seen.connections > 2)
    assert.is_true(seen.resumed > 0)
    certificate.remove(authority)
  end)

  it("holds replies, and throttles starts, where it is asked to", function()
    local own <close> = served.start(tools .. "server", "--takes", "0", "--retry-after", "0.02",
      "--hold", "20", "--budget", "1", "--refill", "2")
    run("floor", own.url, "start", "2", "2")
    local seen = own:stats()
    assert.equal(2, seen.starts)
    assert.is_true(seen.throttled > 0)
  end)

  it("looks at each instance at the end of a fleet", function()
    run("floor", server.url, "settle", "5", "2")
    assert.equal(5, server:stats().gets)
    local _, errors, code = process.executable(
      { "spec/bench/ours.lua", server.url, "settle", "5", "2" },
      { XDG_STATE_HOME = process.root .. "/build/home" })
    assert.equal(0, code, errors)
    local seen = server:stats()
    assert.equal(5, seen.starts)
    assert.is_true(seen.gets == 5 or seen.pages > 0)
  end)

  it("counts polls that come before Retry-After allows them", function()
    local reply = server.client:request {
      method = "POST", path = "/workspaces/bench/computes/ci1/start"
    }
    server.client:request { url = reply.headers["azure-asyncoperation"] }
    assert.equal(1, server:stats().early)
  end)

  -- With 100 operations each round does some work of each kind.
  it("finds no leak in the soak test", function()
    local output, errors, code = process.executable(
      { "spec/bench/soak.lua", tools .. "server", "200", "100", "100000" },
      { XDG_STATE_HOME = process.root .. "/build/home" })
    assert.equal(0, code, errors)
    assert.matches("left nothing behind", output)
  end)

  it("measures how fast the server is", function()
    assert.is_true(
      tonumber(run("load", tostring(server.port), "/workspaces/bench/computes/ci1", "50", "4")) > 0)
    assert.is_true(server:stats().gets >= 50)
  end)

  it("measures a program's time and memory, and tells its exit code", function()
    local took = azureml.json.decode(run("measure", "sh", "-c", "exit 3"))
    assert.equal(3, took.code)
    assert.is_true(took.seconds > 0 and took.memory > 0)
  end)
end)
