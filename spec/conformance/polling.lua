-- Check the low-level client's long-running operations and pages against the public server that
-- tests Microsoft's own clients. The server counts the scenarios that were passed as it expects.
-- `make conformance` runs it.
local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"

local MODULES = assert(os.getenv "AZUREML_CONFORMANCE", "run it by `make conformance`")
  .. "/node_modules/"
local SERVER = MODULES .. "@microsoft.azure/autorest.testserver/"

local function swagger(name)
  local file <close> = assert(io.open(SERVER .. "swagger/" .. name .. ".json"))
  return assert(json.decode((file:read "a":gsub("^\239\187\191", ""))))
end

-- Return all operations of an API description, sorted.
local function operations(name)
  local all = {}
  for path, methods in pairs(swagger(name).paths) do
    for method, operation in pairs(methods) do
      if type(operation) == "table" and operation.operationId then
        all[#all + 1] = {
          method = method:upper(), path = path, id = operation.operationId,
          pageable = operation["x-ms-pageable"],
          final_state_via = json.get(operation, "x-ms-long-running-operation-options",
            "final-state-via")
        }
      end
    end
  end
  table.sort(all, function(a, b) return a.path .. a.method < b.path .. b.method end)
  return all
end

-- The request id that the server's routes require.
local REQUEST_ID = "9C4D50EE-2D56-4CD3-8152-34347DC9F2B0"

local WITH_BODY = { PUT = true, PATCH = true, POST = true }

local function begin(client, row)
  return client:operation {
    method = row.method, path = row.path, final_state_via = row.final_state_via,
    body = WITH_BODY[row.method] and { location = "West US", properties = {} } or nil,
    request_id = row.id:find "^LROsCustomHeader" and REQUEST_ID or nil,
  }
end

local FAILURES = { "/failed", "/canceled", "/nonretryerror/", "/error/" }
local FINE = { ["/lro/error/delete/204/nolocation"] = true }

local function is_to_fail(path)
  if FINE[path] then return false end
  for _, part in ipairs(FAILURES) do
    if path:find(part, 1, true) then return true end
  end
  return false
end

-- The lists that a path alone describes. Others need queries, bodies or ways to the next page that
-- a script would have to provide.
local PAGES = {
  ["/paging/nullnextlink"] = { items = "values", next_link = "none", count = 1 },
  ["/paging/noitemname"] = { items = "value", count = 1 },
  ["/paging/emptynextlink"] = { items = "value", count = 1 },
  ["/paging/firstResponseEmpty/1"] = { items = "value", count = 1 },
  ["/paging/single"] = { items = "values", count = 1 },
  ["/paging/multiple"] = { items = "values", count = 10 },
  ["/paging/multiple/odata"] = { items = "values", next_link = "odata.nextLink", count = 10 },
  ["/paging/multiple/withpath/1"] = { items = "values", count = 10 },
  ["/paging/multiple/retryfirst"] = { items = "values", count = 10 },
  ["/paging/multiple/retrysecond"] = { items = "values", count = 10 },
  ["/paging/single/failure"] = { items = "values", fails = true },
  ["/paging/multiple/failure"] = { items = "values", fails = true },
  ["/paging/multiple/failureuri"] = { items = "values", fails = true },
}

describe("the client against a public test server", function()
  local server, client

  setup(function()
    local port = process.free_port()
    server = process.background({
      "node", SERVER .. "dist/cli/cli.js", "run", "--port", port, "--coverageDirectory",
      process.root .. "/build/conformance/coverage"
    })
    client = azureml.client {
      endpoint = "http://127.0.0.1:" .. port, credential = azureml.credential.none(),
      poll_interval = 0, cookies = true,
      retry = { tries = 100, delay = 0.2, max_delay = 0.2 },
    }
    client:request { path = "/report" }      -- answers as soon as it is up
    client:close()
    client = azureml.client {
      endpoint = "http://127.0.0.1:" .. port, credential = azureml.credential.none(),
      poll_interval = 0, cookies = true,
      retry = { delay = 0, methods = { "GET", "HEAD", "PUT", "PATCH", "DELETE", "POST" } },
    }
  end)

  teardown(function()
    client:close()
    server:close()
  end)

  for _, row in ipairs(operations "lro") do
    local outcome = is_to_fail(row.path) and "reports the failure of" or "completes"
    it(("%s %s %s"):format(outcome, row.method, row.path), function()
      local reply, err = azureml.try(function()
        local op <close> = begin(client, row)
        return op:wait { timeout = 3 }
      end)
      assert.equal(is_to_fail(row.path), reply == nil, err and err.message)
    end)
  end

  for path, options in pairs(PAGES) do
    it("reads pages of " .. path, function()
      local count = 0
      local ok, err = azureml.try(function()
        local request = { path = path, items = options.items, next_link = options.next_link }
        for _ in client:pages(request) do
          count = count + 1
        end
        return true
      end)
      assert.equal(not options.fails, ok == true, err and err.message)
      if options.count then assert.equal(options.count, count) end
    end)
  end

  it("meets every scenario of long-running operations", function()
    local missed = {}
    for name, count in pairs(client:request { path = "/report" }.json) do
      if count == 0 and (name:find "^L[Rr][Oo]" or name:find "^CustomHeader") then
        missed[#missed + 1] = name
      end
    end
    assert.same({}, missed)
  end)
end)
