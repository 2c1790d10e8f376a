local arguments = require "azureml.console.arguments"

describe("the executable's arguments", function()
  it("end at the first word that is no option", function()
    local options = arguments.parse { "-E", "--emulator", "stop", "-n", "x" }
    assert.is_true(options.E)
    assert.is_true(options.emulator)
    assert.equal(60, options.speed)
    assert.equal(3, options.first)
    assert.is_nil(options.ended)
  end)

  it("end at --, and at - which is itself the script", function()
    local options = arguments.parse { "-i", "--", "-e" }
    assert.equal(3, options.first)
    assert.is_true(options.ended)
    options = arguments.parse { "-", "x" }
    assert.equal(1, options.first)
    assert.is_nil(arguments.parse({ "--" }).first)
  end)

  it("keep the order of what is to be run", function()
    local options = arguments.parse { "-ex=1", "-l", "m=cjson", "-W", "-e", "y=2", "-lother" }
    assert.same({
      { option = "e", value = "x=1" }, { option = "l", value = "m=cjson" }, { option = "W" },
      { option = "e", value = "y=2" }, { option = "l", value = "other" },
    }, options.steps)
    assert.is_true(options.e)
    assert.is_nil(options.first)
  end)

  it("take the speed of the emulator's clock in two ways", function()
    assert.equal(3600, arguments.parse({ "--emulator", "--speed", "3600" }).speed)
    assert.equal(0.5, arguments.parse({ "--speed=0.5", "--emulator" }).speed)
  end)

  it("name the recording's file", function()
    assert.equal("report", arguments.parse({ "--record", "report" }).record)
    assert.equal("report", arguments.parse({ "--record=report" }).record)
  end)

  it("name the files of the reports", function()
    local options = arguments.parse { "--prometheus", "a.prom", "--summary=b.json", "stop" }
    assert.same({ "a.prom", "b.json", 4 }, { options.prometheus, options.summary, options.first })
  end)

  it("are known by name, for a hint about one behind the command", function()
    for _, name in ipairs { "--summary", "--trace", "-E" } do
      assert.is_true(arguments.knows(name))
    end
    assert.is_false(arguments.knows "--where")
  end)

  it("are refused in one sentence when they are wrong", function()
    local wrong = {
      ["'--summary' needs the name of a file, not '-'"] = { "--summary=-" },
      ["'--prometheus' needs the name of a file, not ''"] = { "--prometheus=" },
      ["'--prometheus' needs an argument"] = { "--prometheus", "-" },
      ["'--summary' is given twice"] = { "--summary", "x", "--summary=y" },
      ["'--record' is given twice"] = { "--record", "x", "--record", "y" },
      ["'--prometheus' and '--summary' need different files"] =
        { "--prometheus", "x", "--summary", "x", "stop" },
      ["unrecognized option '-x'"] = { "-x" },
      ["unrecognized option '-vi'"] = { "-vi" },
      ["unrecognized option '--emulators'; did you mean --emulator?"] = { "--emulators" },
      ["unrecognized option '--help=1'; did you mean --help?"] = { "--help=1" },
      ["'-e' needs an argument"] = { "-e" },
      ["'-l' needs an argument"] = { "-l", "-i" },
      ["'--speed' needs an argument"] = { "--emulator", "--speed" },
      ["'--speed' sets the emulator's clock: it needs '--emulator'"] = { "--speed", "60", "x.lua" },
    }
    for _, speed in ipairs { "fast", "0", "1e999", "nan" } do
      local sentence = ("'--speed' needs a number above 0, such as 60, not '%s'"):format(speed)
      wrong[sentence] = { "--emulator", "--speed", speed }
    end
    wrong["'--speed' needs a number above 0, such as 60, not 'x'"] = { "--emulator", "--speed=x" }
    for sentence, argv in pairs(wrong) do
      local options, message = arguments.parse(argv)
      assert.is_nil(options)
      assert.equal(sentence, message)
    end
  end)

  local function explained(width)
    local commands = { stop = { summary = "stop it" }, list = { summary = "list them" } }
    return arguments.help(commands, width)
  end

  it("are explained, with the commands in order", function()
    local help = explained(80)
    assert.matches("%-%-speed N", help)
    assert.matches("LUA_INIT_5_4, LUA_INIT", help)
    assert.matches("\n  list  list them\n  stop  stop it$", help)
  end)

  it("are explained within the width, in columns", function()
    for width = 60, 120, 20 do
      for line in explained(width):gmatch "[^\n]+" do
        assert.is_true(#line <= width, line)
      end
    end
    local options = explained(80):match "Options:\n(.-)\n\n"
    for line in options:gmatch "[^\n]+" do
      assert.matches("^  %S$", line:sub(20, 22), line)
    end
  end)
end)
