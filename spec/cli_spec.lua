local cli = require "azureml.cli"
local json = require "azureml.json"
local process = require "spec.process"

describe("the command line", function()
  local exe = process.executable

  it("has a file for each command, and a summary", function()
    for _, name in ipairs(cli.names()) do
      local parser, command = cli.parser(name)
      assert.is_function(command.run)
      assert.matches("^%l", parser._description)
      assert.is_truthy(parser:get_help():find("Usage: azureml " .. name, 1, true))
    end
  end)

  it("declares the same options to a lazy parser", function()
    local lazy_parser = require "azureml.cli.lazy_parser"
    for _, name in ipairs(cli.names()) do
      local words = {}
      for word in name:gmatch "%S+" do words[#words + 1] = word end
      local lazy, whole, known = lazy_parser.new(name), cli.parser(name), {}
      cli.configure(lazy, cli.resolve(words))
      for _, option in ipairs(whole._options) do
        if not option._hidden then
          for _, alias in ipairs(option._public_aliases) do known[#known + 1] = alias end
        end
      end
      assert.same(known, lazy:option_names(), name)
    end
  end)

  it("prints help on standard output and succeeds", function()
    local out, err, code = exe { "stop", "--help" }
    assert.matches("^Usage: azureml stop", out)
    assert.equal("", err)
    assert.equal(0, code)
  end)

  it("aligns the help of each command and keeps it within the width", function()
    for _, name in ipairs(cli.names()) do
      for _, width in ipairs { 60, 80, 132 } do
        local help = cli.parser(name, width):get_help()
        for line in help:gmatch "[^\n]+" do assert.is_true(#line <= width, line) end
        assert.matches("\n  %-h, %-%-help +show this help", help)
        local columns = {}
        for text in help:match "\nOptions:\n(.*)$":gmatch "[^\n]+" do
          local indent = text:match "^ *"
          local is_label = #indent <= 6
          local gap = text:find("  ", #indent + 1, true)
          local first = not is_label and #indent + 1 or gap and text:find("%S", gap)
          if first then columns[first] = true end
        end
        assert.is_truthy(next(columns))
        assert.is_nil(next(columns, (next(columns))), help)
      end
    end
  end)

  for _, words in ipairs {
    "list", "list -o json", "--help", "stop --help", "--version", "-e 'print(1)'",
    "-e 'for _ = 1, 1e5 do print(_) end'",
  } do
    it("fails when its output cannot be written: " .. words, function()
      local line = ("%s --emulator %s >/dev/full"):format(process.executable_path, words)
      local _, err, code = process.run { "sh", "-c", line }
      assert.equal(1, code)
      assert.matches("^azureml: standard output c[ao][nu].* be written", err)
    end)
  end

  local listed = {
    { "stop", "-o, --output FORMAT" },
    { "stop", "--progress auto|lines|json|quiet" },
    { "list", "--state Running|Stopped|..." },
    { "watch", "-o, --output FORMAT" },
  }

  for _, row in ipairs(listed) do
    it(("lists the values that an option takes: %s %s"):format(row[1], row[2]), function()
      local out = exe { row[1], "--help" }
      assert.is_truthy(out:find(row[2], 1, true), out)
    end)
  end

  it("lists every state that the emulator knows of a compute instance", function()
    local of_clusters = { Steady = true }
    local states = {}
    local names = require("azureml.definition.power_state").names
    for _, state in ipairs(names) do states[state] = true end
    local message = require("azureml.emulator.seed").fault_of {
      instances = { ["ci-ann"] = { state = "Asleep" } },
    }
    for state in message:match "known: (.-)%)":gmatch "%a+" do
      assert.is_true(states[state] or of_clusters[state], state)
    end
  end)

  it("wraps help at COLUMNS, and at 80 where there is no terminal", function()
    local function widest(environment)
      local columns = 0
      for line in exe({ "stop", "--help" }, environment):gmatch "[^\n]+" do
        columns = math.max(columns, #line)
      end
      return columns
    end
    assert.is_true(widest { COLUMNS = "60" } <= 60)
    assert.is_true(widest() > 70 and widest() <= 80)
    assert.is_true(widest { COLUMNS = "200" } > 100)
    assert.is_true(widest { COLUMNS = "wide" } <= 80)
  end)

  it("wraps help at the terminal's width", function()
    local line = "stty cols 64; " .. process.executable_path .. " stop --help"
    local out = process.run { "script", "-qec", line, "/dev/null" }
    for text in out:gmatch "[^\r\n]+" do assert.is_true(#text <= 64, text) end
    assert.matches("Usage: azureml stop", out)
  end)

  local misuses = {
    { { "show" }, "which instance%? Give a name" },
    { { "stop", "-n", "ci-ann", "--tiemout", "3" }, "unknown option '%-%-tiemout'" },
    { { "stop", "-n", "ci-ann", "--timeout", "soon" }, "'soon' is not a number of seconds" },
    { { "list", "--tags", "vision" }, "'vision' is not a tag" },
    { { "list", "-o", "jsn" }, "%-%-output: there is no 'jsn'; did you mean json%?" },
    { { "list", "--state", "Running,Runing" },
      "there is no state 'Runing'; did you mean Running%?" },
    { { "stop", "--state", "," }, "%-%-state needs a state" },
    { { "run", "nothing" }, "there is no workflow 'nothing'" },
    { { "run", "../secret" }, "there is no workflow" },
    { { "create", "-n", "ci-new", "--ssh-key-file", "/nowhere/key.pub" },
      "%-%-ssh%-key%-file: /nowhere/key.pub: No such file" },
    { { "--emulator", "delete", "-n", "ci-ann" }, "add %-%-yes" },
    { { "--speed", "3", "list" }, "needs '%-%-emulator'" },
    { { "list", "--speed", "3" }, "needs '%-%-emulator'" },
    { { "list", "--emulator", "--speed", "fast" }, "'%-%-speed' needs a number above 0" },
    { { "show", "a", "-n", "b", "--sort", "state:down" }, "'down' is not a direction" },
    { { "list", "--query", "[", }, "is not a valid expression: its end is not expected here" },
    { { "list", "--query", "[]", "--columns", "name" }, "give either %-%-columns or %-%-query" },
  }

  for _, row in ipairs(misuses) do
    local words = table.concat(row[1], " ")
    it("answers wrong usage with one sentence and exit code 2: " .. words, function()
      local out, err, code = exe(row[1])
      assert.equal("", out)
      assert.matches(row[2], err)
      assert.is_nil(err:find("stack traceback", 1, true))
      assert.equal(2, code)
    end)
  end

  local failures = {
    { { "list" }, "which workspace%? .* not found; tried: arguments; AZUREML_ARM_SUBSCRIPTION" },
    { { "list", "-w", "x", "-g", "ml", "--subscription", "00000000-0000-0000-0000-000000000000" },
      "'x' cannot be a workspace name", 2 },
    { { "create", "-n", "my_ci", "-w", "team", "-g", "ml", "--subscription", "0-0-0-0-0" },
      "a name holds only letters, digits and '%-'", 2 },
    { { "show", "-n", "ci-ann", "-w", "team", "-g", "ml", "--subscription", "0-0-0-0-0" },
      "no credential was found", 4 },
    { { "--emulator", "show", "-n", "nobody" }, "ResourceNotFound, HTTP 404, request ", 3 },
    { { "--emulator", "create", "-n", "ci-new", "--size", "STANDARD_DS3_V9" },
      "is not offered to compute instances", 2 },
  }

  for _, row in ipairs(failures) do
    local words = table.concat(row[1], " ")
    it("answers a failure with what failed, a hint, and its exit code: " .. words, function()
      local out, err, code = exe(row[1])
      assert.equal("", out)
      assert.matches("^azureml: ", err)
      assert.matches(row[2], err)
      assert.is_nil(err:find("stack traceback", 1, true))
      assert.equal(row[3] or 1, code)
    end)
  end

  it("takes --emulator and --speed behind the command, too", function()
    local out, err, code = exe { "create", "ci-new", "--emulator", "--speed", "5000", "-o", "name" }
    assert.same({ "ci-new\n", 0 }, { out, code }, err)
  end)

  for _, words in ipairs {
    { "list", "-o", "json", "--bogus" }, { "--emulator", "show", "nobody", "-ojson" },
    { "list", "--output=json" }, { "operations", "wiat", "-o", "json" },
  } do
    it("prints an error as JSON with -o json: " .. table.concat(words, " "), function()
      local out, err, code = exe(words)
      local failure = json.decode(err).error
      assert.equal("", out)
      assert.same({ "string", "string", "string" },
        { type(failure.code), type(failure.message), type(failure.hint) })
      assert.is_true(code > 0)
      if failure.code == "ResourceNotFound" then
        assert.same({ 404, "string" }, { failure.status, type(failure.request_id) })
      end
    end)
  end

  it("runs an instance's life on a served emulator, with only data on standard output", function()
    local emulator <close> = process.served_emulator { speed = 5000 }
    local environment = { AZUREML_EMULATOR = emulator.url }
    local out, err, code = exe({ "create", "-n", "ci-ann", "--tags", "team=vision", "-o", "json" },
      environment)
    assert.equal(0, code)
    assert.equal("Running", json.decode(out).state)
    assert.matches("create ci%-ann: Running", err)
    out = exe({ "list", "--tags", "team=vision" }, environment)
    assert.matches("ci%-ann +Running", out)
    out = exe({ "list", "--state", "Stopped", "-o", "json" }, environment)
    assert.equal("[]\n", out)
    out = exe({ "stop", "-n", "ci-ann", "--no-wait", "-o", "json" }, environment)
    local accepted = json.decode(out)
    assert.same({ "stop", "ci-ann" }, { accepted.verb, accepted.name })
    assert.is_string(accepted.ticket)
    out = exe({ "-e",
      "io.write(tostring(require('azureml').resume([==[" .. accepted.ticket .. "]==]):wait()))" },
      environment)
    assert.matches("^ci%-ann: Stopped", out)
    for _, verb in ipairs { "start", "restart" } do
      out, err, code = exe({ verb, "-n", "ci-ann" }, environment)
      assert.equal(0, code, err)
      assert.matches("state +Running", out)
    end
    out, err, code = exe({ "delete", "-n", "ci-ann", "--yes" }, environment)
    assert.same({ "", 0 }, { out, code }, err)
    out, err, code = exe({ "show", "-n", "ci-ann" }, environment)
    assert.same({ "", 3 }, { out, code })
    assert.matches("ResourceNotFound", err)
  end)

  it("a wait that times out fails, and says that it goes on", function()
    local emulator <close> = process.served_emulator { speed = 1 }
    local argv = { "create", "-n", "ci-ann", "--timeout", "0" }
    local _, err, code = exe(argv, { AZUREML_EMULATOR = emulator.url })
    assert.equal(5, code)
    assert.matches("create ci%-ann: not done after 0 s; it goes on at the service", err)
  end)
end)
