local definition = require "azureml.jobs.definition"
local errors = require "azureml.error"

local function fault(changes)
  local settings = { command = "true", environment = "a:1", compute = "ci-ann" }
  for name, value in pairs(changes) do
    settings[name] = value
    if value == "nil" then settings[name] = nil end
  end
  local _, err = errors.try(definition.check, settings)
  return err and err.message
end

local WORKSPACE = { subscription_id = "s", resource_group = "g", name = "w" }

describe("the definition of a job", function()
  it("may be no more than a command, an environment and a compute", function()
    assert.is_nil(fault {})
  end)

  for says, changes in pairs {
    ["submit: it needs option 'command'"] = { command = "nil" },
    ["submit: it needs option 'environment'"] = { environment = "nil" },
    ["submit: it needs option 'compute'"] = { compute = "nil" },
    ["command: it is empty"] = { command = " " },
    ["command: it has a zero byte"] = { command = "a\0b" },
    ["command: it is not in UTF-8"] = { command = "a\xff" },
    ["environment_variables.A: it is not in UTF-8"] = { environment_variables = { A = "\xff" } },
    ["inputs.n: it has a zero byte"] = { inputs = { n = "\0" } },
    ["tags: it is not in UTF-8"] = { tags = { ["\xff"] = "x" } },
    ["environment.conda_file: it is not in UTF-8"] = { environment = { image = "a",
      conda_file = "\xff" } },
    ["environment: the image is empty"] = { environment = { image = "" } },
    ["compute: it is not in UTF-8"] = { compute = "\xff" },
    ["command: a text expected, got number"] = { command = 5 },
    ["name: 'a b' is not the name of a job"] = { name = "a b" },
    ["compute: the name of a compute instance"] = { compute = "" },
    ["environment: 'sklearn' does not name an environment"] = { environment = "sklearn" },
    ["environment: 'a@stable' does not name"] = { environment = "a@stable" },
    ["environment: it needs option 'image'"] = { environment = { conda_file = "x" } },
    ["environment has no option 'imag' (known: conda_file"] = { environment = { imag = "x" } },
    ["environment: os_type is linux or windows"] = { environment = { image = "a", os_type = "x" } },
    ["timeout: whole seconds above 0"] = { timeout = 0 },
    ["or a text such as '90m', '2h' or 'PT90S', not '1.5'"] = { timeout = 1.5 },
    ["not 'soon'"] = { timeout = "soon" },
    ["tags: a table by name expected, got string"] = { tags = "a=b" },
    ["tags: a table by name expected, not a list"] = { tags = { "a" } },
    ["tags.a: a text expected, got table"] = { tags = { a = {} } },
    ["environment_variables: 'A-B' is not the name of a variable"] = {
      environment_variables = { ["A-B"] = "1" },
    },
    ["shm_size: a size such as '2g' or '512m', not '2'"] = { shm_size = "2" },
    ["docker_args: a text or a list of texts expected"] = { docker_args = { 1 } },
    ["identity: the type is one of aml_token, managed, not 'x'"] = { identity = { type = "x" } },
    ["inputs.a: it needs option 'path'"] = { inputs = { a = { type = "uri_file" } } },
    ["inputs.a: the type is one of"] = { inputs = { a = { type = "file", path = "azureml:x" } } },
    ["inputs.a: './x' is a path of this machine"] = { inputs = { a = { path = "./x" } } },
    ["inputs.a: the mode is one of direct, download"] = {
      inputs = { a = { path = "azureml:a:1", mode = "mount" } },
    },
    ["inputs.1: a name has letters"] = { inputs = { 5 } },
    ["inputs.a: a value of type integer has its value in 'value'"] = {
      inputs = { a = { type = "integer" } },
    },
    ["inputs: a table by name expected, got boolean"] = { inputs = true },
    ["outputs.a: the mode is one of direct, rw_mount, upload"] = {
      outputs = { a = { mode = "ro_mount" } },
    },
    ["outputs.a: a table of options expected, got number"] = { outputs = { a = 1 } },
    ["command: '${{inputs.b}}' is not among the inputs (known: a)"] = {
      command = "x ${{inputs.b}}", inputs = { a = 1 },
    },
    ["command: '${{input.a}}' names neither an input nor an output"] = {
      command = "x ${{ input.a }}",
    },
  } do
    it("is refused: " .. says, function()
      local found = fault(changes)
      assert.is_truthy(found and found:find(says, 1, true), tostring(found))
    end)
  end

  it("is refused with all that is wrong at once", function()
    local found = fault { timeout = -1, tags = 5, command = "nil" }
    for _, says in ipairs { "it needs option 'command'", "timeout:", "tags:" } do
      assert.is_truthy(found:find(says, 1, true))
    end
  end)

  it("refuses an unknown option at the caller's line", function()
    assert.error_matches(function() definition.check { comand = "x" } end,
      "submit has no option 'comand' %(known: command, compute,")
  end)

  it("is written as a request", function()
    local body = definition.body(WORKSPACE, {
      command = "train ${{inputs.n}}", display_name = "Train", timeout = "2h",
      environment_variables = { A = 1 }, tags = { a = true }, shm_size = "2g",
      docker_args = { "--ipc", "host" }, identity = { type = "managed", client_id = "c" },
      inputs = { n = 3, data = { type = "mltable", path = "azureml:d:1", mode = "ro_mount" },
        v = { type = "number", value = 0.5 } },
      outputs = { model = { type = "uri_folder", mode = "upload", name = "m", version = 2 } },
    }, "/compute", "/environment")
    assert.same({ properties = {
      jobType = "Command", command = "train ${{inputs.n}}", computeId = "/compute",
      environmentId = "/environment", displayName = "Train", experimentName = "Default",
      environmentVariables = { A = "1" }, tags = { a = "true" },
      limits = { jobLimitsType = "Command", timeout = "PT7200S" },
      resources = { instanceCount = 1, shmSize = "2g", dockerArgs = "--ipc host" },
      identity = { identityType = "Managed", clientId = "c" },
      inputs = {
        n = { jobInputType = "literal", value = "3" },
        v = { jobInputType = "literal", value = "0.5" },
        data = { jobInputType = "mltable", mode = "ReadOnlyMount",
          uri = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
            .. "/workspaces/w/data/d/versions/1" },
      },
      outputs = {
        model = { jobOutputType = "uri_folder", mode = "Upload", assetName = "m",
          assetVersion = "2" },
      },
    } }, body)
  end)

  it("gets a new name each time, which the service takes", function()
    local one, two = definition.new_name(), definition.new_name()
    assert.matches("^job%-%d+%-%d+%-%x+$", one)
    assert.are_not.equal(one, two)
    assert.is_nil(fault { name = one })
  end)
end)
