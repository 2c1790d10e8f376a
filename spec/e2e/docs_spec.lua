-- What `make docs` makes before pandoc reads it: it is whole, and its links lead somewhere.
local process = require "spec.process"
local reference = require "azureml.reference"

local read = process.read

describe("csrc/docs.lua", function()
  local directory

  setup(function()
    directory = process.directory()
    assert(os.execute(("mkdir '%s/man'"):format(directory)))
    local out, err, code = process.executable { "csrc/docs.lua", directory }
    assert.same({ "", "", 0 }, { out, err, code })
  end)
  teardown(function() process.remove(directory) end)

  it("writes each page of the index, with all that is filled in", function()
    local count = 0
    for name in read(directory .. "/index.md"):gmatch "%]%((%l+)%.html%)" do
      local text = read(directory .. "/" .. name .. ".md")
      assert.matches("^# %u", text)
      assert.is_nil(text:find("<!--", 1, true), name)
      count = count + 1
    end
    assert.equal(9, count)
  end)

  it("has a section for each public name", function()
    local text, count = read(directory .. "/reference.md"), 0
    for _, record in ipairs(reference.index().records) do
      local name = record.kind == "function" and record.owner .. "." .. record.name
        or not record.owner and record.name
      if name and not name:find "%.__" then
        count = count + 1
        assert.is_truthy(text:find("{#" .. name .. "}", 1, true), name)
      end
    end
    assert.is_true(count > 150)
  end)

  it("has links that lead to a section", function()
    local text = read(directory .. "/reference.md")
    for name in text:gmatch "%]%(#([^)]+)%)" do
      assert.is_truthy(text:find("{#" .. name .. "}", 1, true), name)
    end
  end)

  it("explains each code of an error, and each member of an instance", function()
    local errors, json = read(directory .. "/errors.md"), read(directory .. "/json.md")
    assert.is_truthy(errors:find("\n| `ResourceNotFound` | there is no such instance", 1, true))
    for name in pairs(require("azureml.instance.fields").getters) do
      assert.is_truthy(json:find(name, 1, true), name)
    end
  end)
end)
