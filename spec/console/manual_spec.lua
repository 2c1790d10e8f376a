local cli = require "azureml.cli"
local manual = require "azureml.console.manual"
local process = require "spec.process"

describe("the manual page", function()
  local page = manual.page()

  it("has a section for each command, with its summary", function()
    for _, name in ipairs(cli.names()) do
      local title = ".SS azureml " .. name:gsub("-", "\\-") .. "\n"
      assert.is_truthy(page:find(title, 1, true), name)
    end
    assert.is_truthy(page:find(".SH NAME\nazureml \\- create and manage", 1, true))
  end)

  it("begins no line of text with a request of roff's", function()
    for line in page:gmatch "[^\n]+" do
      local request = line:match "^%.(%a+)"
      assert.is_true(not line:find "^[.']"
        or ({ TH = 1, SH = 1, SS = 1, PP = 1, nf = 1, fi = 1 })[request] ~= nil, line)
    end
  end)

  it("is one that man can show without a complaint", function()
    local directory = process.directory()
    local path = process.write(directory .. "/azureml.1", page)
    local out, err, code = process.run({ "man", "--warnings", "-E", "UTF-8", "-l", path },
      { MANWIDTH = "120", MANPAGER = "cat" })
    process.remove(directory)
    assert.same({ "", 0 }, { err, code })
    assert.matches("AZUREML%(1%)", out)
    assert.matches("%-%-emulator", out)
  end)
end)
