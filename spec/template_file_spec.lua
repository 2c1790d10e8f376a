local azureml = require "azureml"
local json = require "azureml.json"
local process = require "spec.process"
local template_file = require "azureml.template_file"

describe("a file of a template", function()
  local directory

  setup(function() directory = process.directory() end)
  teardown(function() process.remove(directory) end)

  local function write(text, name)
    return process.write(directory .. "/" .. (name or "a.json"), text)
  end

  local function fault_of(path)
    local value, err = azureml.try(template_file.read, path)
    assert.is_nil(value)
    assert.equal("InvalidArgument", err.code)
    return err.message
  end

  it("may begin with a byte order mark and hold comments", function()
    local text = '// one\n{ "a": "//\\" /* */", /* 2\n */ "b": [] } // end'
    local value = template_file.read(write("\xEF\xBB\xBF" .. text))
    assert.equal('//" /* */', value.a)
    assert.is_true(json.is_array(value.b))
  end)

  it("keeps the places of what comments surround", function()
    local text = '{ /* a\nb */ "c": 1 }'
    local cleaned = template_file.without_comments(text)
    assert.equal(#text, #cleaned)
    assert.equal(text:find('"c"', 1, true), cleaned:find('"c"', 1, true))
    assert.equal('{"a": "b', template_file.without_comments '{"a": "b')
    assert.equal('{"a"       ', template_file.without_comments '{"a" /* b  ')
  end)

  it("is refused with the line of what is wrong", function()
    local path = write '{\n  // first\n  "a": 1,\n  "b": }\n'
    local message = fault_of(path)
    assert.is_truthy(message:find(path .. ": it is no JSON: line 4, column 8: ", 1, true), message)
    assert.matches("it is no JSON object", fault_of(write "[1]"))
    assert.matches("it is no JSON object", fault_of(write '"a"'))
    assert.matches("it is empty", fault_of(write ""))
  end)

  it("is refused if it is no file of JSON", function()
    assert.matches("the file cannot be read: .*No such file", fault_of(directory .. "/none.json"))
    assert.matches("a.bicep: it is Bicep: build it first", fault_of(write("x", "a.bicep")))
    assert.matches("build%-params", fault_of(write("x", "a.bicepparam")))
    assert.is_not_nil(fault_of(directory))
    assert.matches("more than 4194304 bytes", fault_of(write((" "):rep(5000000))))
  end)
end)
