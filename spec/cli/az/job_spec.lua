local errors = require "azureml.error"
local job = require "azureml.cli.az.job"
local process = require "spec.process"

local function settings(wanted)
  local found, err = errors.try(job.settings, wanted, "/tmp")
  return found, err and err.message
end

describe("a command job of az", function()
  it("becomes options of jobs:submit", function()
    assert.same({
      name = "train", command = "true", environment = "azureml:sklearn:3", timeout = 3600,
      compute = "azureml:ci-ann", display_name = "Train", experiment_name = "nights",
      description = "d", tags = { a = "1" }, properties = { p = "1" },
      environment_variables = { A = "b" }, inputs = { n = 3 }, outputs = { m = { type = "x" } },
      shm_size = "2g", docker_args = "--ipc host", identity = { type = "managed",
        client_id = "c", resource_id = "r" },
    }, settings {
      ["$schema"] = "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json",
      type = "command", name = "train", command = "true", environment = "azureml:sklearn:3",
      compute = "azureml:ci-ann", display_name = "Train", experiment_name = "nights",
      description = "d", tags = { a = "1" }, properties = { p = "1" },
      environment_variables = { A = "b" }, inputs = { n = 3 }, outputs = { m = { type = "x" } },
      limits = { timeout = 3600 }, identity = { type = "managed_identity", client_id = "c",
        msi_resource_id = "r" },
      resources = { instance_count = 1, shm_size = "2g", docker_args = "--ipc host" },
    })
  end)

  for says, wanted in pairs {
    ["a command job has no member 'comand'; did you mean command?"] = { comand = "x" },
    ["for 'pipeline' use 'az ml job create'"] = { type = "pipeline", jobs = {} },
    ["the job.code: files are not uploaded here"] = { code = "./src" },
    ["the job.distribution: a compute instance is one node"] = { distribution = {} },
    ["the job.services: interactive services"] = { services = {} },
    ["the job.queue_settings: "] = { queue_settings = {} },
    ["resources has no member 'gpus'"] = { resources = { gpus = 1 } },
    ["resources.instance_type: a compute instance is one node"] = {
      resources = { instance_type = "x" },
    },
    ["resources.instance_count: a compute instance is one node, not 2"] = {
      resources = { instance_count = 2 },
    },
    ["limits has no member 'time'"] = { limits = { time = 5 } },
    ["limits must have members"] = { limits = 5 },
    ["identity: the type is aml_token or managed, not 'user_identity'"] = {
      identity = { type = "user_identity" },
    },
    ["environment has no member 'img'"] = { environment = { img = "a/b" } },
    ["environment.build: an environment with this is registered first"] = {
      environment = { build = { path = "." } },
    },
    ["environment.conda_file: /tmp/none-such.yml: No such file"] = {
      environment = { image = "a", conda_file = "none-such.yml" },
    },
    ["environment.conda_file is a path, or written in place"] = {
      environment = { image = "a", conda_file = 5 },
    },
  } do
    it("is refused by name: " .. says, function()
      local _, message = settings(wanted)
      assert.is_truthy(message and message:find(says, 1, true), tostring(message))
    end)
  end

  it("is read from a file, with the conda file beside it and the changes of --set", function()
    local directory = process.directory()
    local function write(name, text)
      local file <close> = assert(io.open(directory .. "/" .. name, "w"))
      file:write(text)
    end
    write("conda.yml", "dependencies: [python=3.10]\n")
    write("job.yml", "command: echo\nenvironment:\n  image: a/b\n  conda_file: conda.yml\n"
      .. "inputs:\n  n: 3\n")
    local found = job.read(directory .. "/job.yml", { "tags.team=vision", "inputs.n=4" })
    assert.same({
      command = "echo", inputs = { n = 4 }, tags = { team = "vision" },
      environment = { image = "a/b", conda_file = "dependencies: [python=3.10]\n" },
    }, found)
    write("job.yml", "command: echo\nenvironment:\n  image: a/b\n  conda_file:\n    name: x\n")
    assert.equal('{"name":"x"}', job.read(directory .. "/job.yml", {}).environment.conda_file)
    write("job.yml", "comand: echo\n")
    local _, err = errors.try(job.read, directory .. "/job.yml", {})
    assert.matches("/job%.yml: a command job has no member 'comand'", err.message)
    write("job.yml", "command:\n")
    _, err = errors.try(job.read, directory .. "/job.yml", {})
    assert.matches("/job%.yml: 'command' has no value", err.message)
    _, err = errors.try(job.read, directory .. "/none.yml", {})
    assert.matches("No such file", err.message)
    process.remove(directory)
  end)
end)
