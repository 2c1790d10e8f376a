local process = require "spec.process"
local run = require "spec.command_line"
local surroundings = require "spec.surroundings"

describe("azureml completion", function()
  local directory, variables

  before_each(function()
    directory = process.directory()
    variables = surroundings { XDG_CACHE_HOME = directory }
    local cache = require "azureml.cli.cache"
    cache.write("names", { "ci-bob", "ci-ann" })
    cache.write("sizes", { "STANDARD_D3_V2", "STANDARD_DS3_V2" })
  end)
  after_each(function()
    variables:close()
    process.remove(directory)
  end)

  local function words(...)
    local list = {}
    for word in run("completion", "words", "--", ...):gmatch "([^\n]-)\t[^\n]*\n" do
      list[#list + 1] = word
    end
    return table.concat(list, " ")
  end

  for _, row in ipairs {
    { { "sto" }, "stop" }, { { "logo" }, "logout" }, { { "--emu" }, "--emulator" },
    { { "--speed", "9", "sto" }, "stop" }, { { "stop", "--dry" }, "--dry-run" },
    { { "--pro" }, "--prometheus" }, { { "--summary", "" }, "" },
    { { "--summary", "s.json", "sto" }, "stop" },
    { { "stop", "" }, "ci-ann ci-bob" }, { { "stop", "ci-a" }, "ci-ann" },
    { { "stop", "-n", "ci-b" }, "ci-bob" },
    { { "compute", "start", "-n", "ci-" }, "ci-ann ci-bob" },
    { { "create", "x", "--size", "STANDARD_DS" }, "STANDARD_DS3_V2" },
    { { "list", "-o", "js" }, "json jsonl" }, { { "list", "--output=ya" }, "--output=yaml" },
    { { "list", "--output", "=", "ya" }, "yaml" },
    { { "list", "--state", "sto" }, "Stopped Stopping" },
    { { "stop", "--progress", "l" }, "lines" }, { { "operations", "f" }, "forget" },
    { { "operations", "wait", "--ti" }, "--timeout" }, { { "compute", "list-" },
      "list-nodes list-sizes list-usage" },
    { { "run", "" }, "idle_guard lifecycle morning nightly recreate_outdated report "
      .. "tag_schedule team" },
    { { "help", "exit" }, "exit-codes" },
    { { "frobnicate", "" }, "" }, { { "computetarget", "computeinstance", "st" }, "" },
    { { "create", "--ssh-key-file", "" }, "" }, { { "operations", "wiat", "" }, "" },
  } do
    it(("completes '%s' to '%s'"):format(table.concat(row[1], " "), row[2]), function()
      assert.equal(row[2], words(table.unpack(row[1])))
    end)
  end

  it("offers all commands for an empty word", function()
    for name in pairs(require("azureml.cli").commands) do
      assert.is_truthy((" " .. words "" .. " "):find(" " .. name .. " ", 1, true), name)
    end
  end)

  it("offers each long option of a command once", function()
    local list = words("stop", "--")
    assert.matches("%-%-all .*%-%-columns .*%-%-dry%-run %-%-emulator ", list)
    assert.equal(1, select(2, list:gsub("%-%-name", "")))
  end)

  it("survives a cache that is damaged", function()
    local path = directory .. "/azureml/completion.json"
    process.write(path, '{"names":["ok","a b",3],"sizes":7}', "600")
    assert.equal("ok", words("stop", ""))
    assert.equal("", words("create", "--size", ""))
    process.write(path, "{", "600")
    assert.equal("", words("stop", ""))
  end)

  it("is filled by list, for the instances of a service", function()
    local emulator <close> = process.served_emulator { workspace = "team" }
    local environment = { AZUREML_EMULATOR = emulator.url, XDG_CACHE_HOME = directory }
    process.executable({ "create", "ci-new", "--no-wait" }, environment)
    process.executable({ "list" }, environment)
    assert.equal("ci-new", words("show", ""))
    assert.matches("Standard_DS3_v2", words("create", "--size", "STANDARD_DS3"))
  end)

  it("works in bash", function()
    local script = ([[
      source <(%s completion bash)
      COMP_WORDS=(%s stop ci-) COMP_CWORD=2
      _azureml %s ci- stop
      printf '%%s\n' "${COMPREPLY[@]}"
    ]]):format(process.executable_path, process.executable_path, process.executable_path)
    local out, err = process.run({ "bash", "-c", script }, { XDG_CACHE_HOME = directory })
    assert.same({ "ci-ann\nci-bob\n", "" }, { out, err })
  end)

  for shell, mark in pairs { bash = "complete %-o default", zsh = "#compdef azureml",
    fish = "complete %-c azureml" } do
    it("prints a script for " .. shell, function()
      local out, err, code = run("completion", shell)
      assert.same({ "", 0 }, { err, code })
      assert.matches(mark, out)
    end)
  end
end)
