local azureml = require "azureml"
local explain = require "azureml.console.explain"

local ws = azureml.workspace {
  subscription_id = "11111111-1111-1111-1111-111111111111", resource_group = "ml", name = "team",
  credential = azureml.credential.none(),
}

describe("help on", function()
  local function shows(subject, ...)
    local text = explain.text(subject, 80)
    for _, part in ipairs { ... } do
      assert.is_truthy(text and text:find(part, 1, true), ("'%s' lacks '%s'"):format(text, part))
    end
  end

  it("a method has its comment, parameters and options", function()
    shows(ws.instances.start, "ws.instances:start(subject, settings?)", "Start a stopped instance.",
      "In settings:\n  timeout", "wait_for_capacity  boolean?: while the region is full",
      "Returns azureml.Operation", "Raises an error object: `ResourceNotFound`")
  end)

  it("a function of a module that loads late has its comment", function()
    shows(azureml.login, "azureml.login(settings?)", "Log in:", "device_code")
  end)

  it("a verb of a loop has its comment", function()
    shows(ws.instances.stop_all, "ws.instances:stop_all(settings)", "Stop many instances")
  end)

  it("an object or a module lists fields and functions", function()
    shows(ws.instances, "azureml.Instances", "Functions:\n", "restart_all  Restart many instances")
    shows(azureml, "Functions:\n", "workspace   Make a workspace;")
  end)

  it("a name finds options, fields, classes and methods", function()
    shows("vm_size", "'vm_size' is the name of:", "azureml.InstanceOptions.vm_size")
    shows("InstanceOptions.vm_size", "azureml.InstanceOptions.vm_size: azureml.SizeName\n")
    shows("StartOptions", "azureml.StartOptions", "wait_for_capacity")
    shows("ws.instances:find", "Look whether an instance is there.")
    shows("State", "azureml.State: string")
  end)

  it("an error, or its code, says what to do", function()
    shows("ResourceNotFound", "ResourceNotFound: ", "What to do: ")
  end)

  it("a parameter without a comment has the sentence of its class", function()
    local vm = require("azureml.instance").new(ws, { name = "ci-ann", properties = {} })
    shows(vm.start, "\n  settings  azureml.StartOptions?: How to start an instance.\n")
  end)

  it("a function of Lua names its manual", function()
    shows(print, "print is a function of Lua:\n  https://", "#pdf-print")
    shows(string.format, "string.format is a function of Lua:")
  end)

  it("a field is found by its object and its name", function()
    assert.matches("^ws.name: string", explain.field(ws, "name", 80))
    assert.is_nil(explain.field(ws, "nosuch", 80))
  end)

  it("anything else is nothing", function()
    for _, subject in ipairs { "no_such_name", function() end, {}, 5 } do
      assert.is_nil(explain.text(subject, 80))
    end
  end)

  it("anything fits a narrow screen", function()
    for line in explain.text(ws.instances.get, 40):gmatch "[^\n]+" do
      assert.is_true(#line <= 40, line)
    end
  end)
end)
