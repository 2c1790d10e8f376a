local core = require "azureml.core"
local errors = require "azureml.error"
local log = require "azureml.look.log"
local log_output = require "azureml.cli.log_output"

describe("logs that a command prints", function()
  local written, own_stdout, own_width, fault

  before_each(function()
    written, fault = {}, nil
    own_stdout, own_width = io.stdout, core.terminal_width
    io.stdout = {      -- luacheck: ignore
      write = function(self, text)
        if fault then return nil, fault end
        written[#written + 1] = text
        return self
      end,
      flush = function(self) return self end,
    }
    core.terminal_width = function() return nil end
  end)
  after_each(function()
    io.stdout, core.terminal_width = own_stdout, own_width      -- luacheck: ignore
  end)

  -- A log that comes in these pieces.
  local function log_of(name, ...)
    local pieces = { ... }
    local text, index = "", 0
    return log.new({ name = name }, {
      read = function(first)
        if first == #text and pieces[index + 1] then
          index = index + 1
          text = text .. pieces[index]
        end
        return text:sub(first + 1), #text
      end,
      is_over = function() return true end,
    })
  end

  local function print_logs(args, ...)
    log_output.print(args, { ... })
    return table.concat(written)
  end

  it("are whole, byte by byte", function()
    assert.equal("a\27[2J\0\xff", print_logs({}, log_of("x", "a\27[2J", "\0\xff")))
  end)

  it("have headings where there are several; the last is followed", function()
    local first, second = log_of("first\n", "1\n"), log_of("second", "2")
    local own, followed = second.follow, nil
    second.follow = function(self, put, settings)
      followed = settings
      return own(self, put, settings)
    end
    assert.equal("==> first  <==\n1\n\n==> second <==\n2",
      print_logs({ follow = true, timeout = 9 }, first, second))
    assert.same({ timeout = 9 }, followed)
  end)

  it("are safe on a terminal: colours stay, all else that moves the cursor is replaced", function()
    core.terminal_width = function() return 80 end
    assert.equal("\27[31mred\27[0m\t1\r2\u{FFFD}[2J\u{FFFD}]0;title\u{FFFD}\n",
      print_logs({}, log_of("x", "\27[3", "1mred\27[0m\t1\r2\27[2J\27]0;title\7\n")))
  end)

  it("come as whole characters and colours on a terminal", function()
    core.terminal_width = function() return 80 end
    assert.equal("caf\u{e9} \u{20ac}\nend\27[0m\n",
      print_logs({}, log_of("x", "caf\xc3", "\xa9 \xe2\x82", "\xac\nend")))
    assert.same({ "caf", "\u{e9} ", "\u{20ac}\nend", "\27[0m\n" }, written)
  end)

  it("leave no colour on a terminal, not even when they end in the middle", function()
    core.terminal_width = function() return 80 end
    assert.equal("\27[31mred\n\27[0m", print_logs({}, log_of("x", "\27[31mred\n")))
    for _, text in ipairs { "\27[31mred\n\27[m", "\27[31mred\27[0m\n" } do
      written = {}
      assert.equal(text:find "m$" and text .. "\27[0m\n" or text, print_logs({}, log_of("x", text)))
    end
    written = {}
    local broken = log_of "x"
    broken.follow = function(_, put)
      put "\27[31mred"
      error "interrupted!"
    end
    assert.error_matches(function() print_logs({ follow = true }, broken) end, "interrupted!")
    assert.equal("\27[31mred\27[0m\n", table.concat(written))
  end)

  it("show a line before it ends, such as a progress bar", function()
    core.terminal_width = function() return 80 end
    print_logs({}, log_of("x", " 1 %", "\r 2 %", "\r\n"))
    assert.same({ " 1 %", "\r 2 %", "\r\n" }, written)
  end)

  it("hold nothing back for ever on a terminal", function()
    core.terminal_width = function() return 80 end
    local long = ("1;"):rep(50)
    assert.equal("\u{FFFD}[" .. long .. "\27[0m\n", print_logs({}, log_of("x", "\27[" .. long)))
    written = {}
    assert.equal("\u{FFFD}\u{FFFD}\27[0m\n", print_logs({}, log_of("x", "\xe2\x82")))
    written = {}
    assert.equal("", print_logs({}, log_of("x")))
  end)

  it("are an error when they cannot be written", function()
    fault = "No space left on device"
    local _, err = errors.try(print_logs, {}, log_of("x", "text"))
    assert.equal("OutputFailed", err.code)
    assert.matches("No space left", err.message)
  end)

  it("are chosen by name", function()
    local all = { log_of "std_log.txt", log_of "other" }
    assert.equal(all[2], log_output.choose({ file = "other" }, all, all)[1])
    assert.equal(all, log_output.choose({}, all, all))
    local _, err = errors.try(log_output.choose, { file = "std_logs.txt" }, all, all)
    assert.equal("NoLogs", err.code)
    assert.matches("no log 'std_logs.txt'; did you mean std_log.txt?", err.message, 1, true)
  end)
end)
