local codes = require "azureml.guide.codes"
local hints = require "azureml.hints"
local sources = require "spec.sources"

describe("the codes of errors", function()
  -- Codes that only the emulator sends, in Azure's place: Azure's own messages explain them.
  local SENT = { Forbidden = true, InternalServerError = true, InvalidApiVersionParameter = true,
    InvalidDeploymentName = true, InvalidFilterInQueryString = true,
    InvalidResourceNamespace = true, InvalidResourceType = true, InvalidTagNameOrValue = true,
    MethodNotAllowed = true, MissingApiVersionParameter = true, SupportedVMSizes = true,
    TooManyTags = true, UserError = true }

  local function each_row()
    return coroutine.wrap(function()
      for _, group in ipairs(codes.groups) do
        for _, row in ipairs(group) do coroutine.yield(row) end
      end
    end)
  end

  it("are those of the sources, all of them", function()
    local text = sources.text("*.lua", "lua/azureml") .. sources.text("*.c", "csrc")
    local count, missing = 0, {}
    for _, pattern in ipairs { 'code = "(%u%a+)"', 'refuse%("(%u%a+)"',
      'add_error%(self, "(%u%a+)"', 'code [=~]= "(%u%a+)"', '{ %d%d%d, "(%u%a+)"',
      'fail_as%([%w_>-]+, "(%u%a+)"',
      'error_set%([^"\n]-"(%u%a+)"', 'fetch_fail%([^"\n]-"(%u%a+)"', 'end_with%([^"\n]-"(%u%a+)"',
      'FAULT_[%u_]+%] = { "(%u%a+)"', 'CURLE_[%u_]+, "(%u%a+)"' } do
      for code in text:gmatch(pattern) do
        count = count + 1
        if not SENT[code] and not codes.find(code) then missing[code] = true end
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 150)
  end)

  it("say what each means and what to do, each once", function()
    local seen = {}
    for row in each_row() do
      assert.is_nil(seen[row[1]], row[1])
      seen[row[1]] = true
      assert.is_true(#row[2] > 10, row[1])
      assert.equal("string", type(codes.remedy(row)), row[1])
      assert.is_nil(row[2]:match "%.$" or codes.remedy(row):match "%.$", row[1])
    end
  end)

  it("leave the remedy to the hint where there is one", function()
    for row in each_row() do
      local hint = hints.of { code = row[1] }
      assert.is_true(not row[3] or not hint, row[1] .. " has two remedies: " .. tostring(hint))
    end
  end)
end)
