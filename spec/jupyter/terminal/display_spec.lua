local core = require "azureml.core"
local display = require "azureml.jupyter.terminal.display"
local raw = require "raw"

describe("the user's terminal", function()
  local SIGNALS = "azureml.signals"
  local own_terminal, loaded, built_in, faked, quiet, opened, keys, sizes

  before_each(function()
    own_terminal = core.terminal
    loaded, built_in = package.loaded[SIGNALS], package.preload[SIGNALS]
    quiet, keys, sizes = { raw.listen(), raw.listen() }, {}, {}
    faked = { room = 1000000, shown = "", columns = 80, rows = 24, agains = 0 }
    local terminal = {}
    function terminal:fd() return quiet[1]:fd() end
    function terminal:room() return quiet[2]:fd() end
    function terminal:size() return faked.columns, faked.rows end
    function terminal:again() faked.agains = faked.agains + 1 end
    function terminal:close() faked.is_closed = true end
    function terminal:write(text, first)
      if not faked.room then return nil end
      local part = text:sub(first, first + math.min(faked.room, 1000) - 1)
      faked.room = faked.room - #part
      faked.shown = faked.shown .. part
      return #part
    end
    core.terminal = function() return terminal end
    package.loaded[SIGNALS], package.preload[SIGNALS] = nil, nil
    opened = nil
  end)
  after_each(function()
    if opened then opened:close() end
    core.terminal = own_terminal
    package.loaded[SIGNALS], package.preload[SIGNALS] = loaded, built_in
    for _, socket in ipairs(quiet) do socket:close() end
  end)

  local function open()
    opened = display.open {
      on_keys = function(bytes) keys[#keys + 1] = bytes or "gone" end,
      on_resize = function(columns, rows) sizes[#sizes + 1] = { columns, rows } end,
    }
    return opened
  end

  it("is refused with the reason", function()
    core.terminal = function() return nil, "this program runs in the background" end
    local ok, err = pcall(open)
    assert.is_false(ok)
    assert.equal("NotATerminal", err.code)
    assert.equal("an interactive terminal needs a terminal here: this program runs in the "
      .. "background", err.message)
  end)

  it("shows all, also when it takes little at a time", function()
    local shown = open()
    faked.room = 2500
    shown:write(("x"):rep(5000))
    assert.equal(2500, #faked.shown)
    shown:write "end"
    faked.room = 10000
    shown:drain()
    assert.equal(("x"):rep(5000) .. "end", faked.shown)
    assert.is_false(shown.is_watching)
  end)

  it("drops to the end of what waits when it is too slow", function()
    local shown = open()
    faked.room = 0
    for i = 1, 20000 do shown:write(("line %d of a flood that fills it\r\n"):format(i)) end
    shown:write(("x"):rep(500000) .. "\r\n")
    assert.truthy(shown.bytes <= 1024 * 1024)
    shown:write(("y"):rep(1024 * 1024) .. "\r\nlast\r\n")
    faked.room = 10000000
    shown:drain()
    assert.truthy(#faked.shown < 70000)
    assert.truthy(faked.shown:find "output was left out, because this terminal is slow")
    assert.truthy(faked.shown:find "\nlast\r\n$")
  end)

  it("goes on when it has gone", function()
    local shown = open()
    faked.room = nil
    shown:write "lost"
    assert.is_true(shown.has_gone)
    assert.equal(0, shown.bytes)
    shown:flush(1)
  end)

  it("looks at its size each second where there are no signals", function()
    core.clock "virtual"
    local _ <close> = setmetatable({}, { __close = function() core.clock "real" end })
    open()
    require("azureml").sleep(1.5)
    faked.columns = 132
    require("azureml").sleep(3)
    assert.same({ { 132, 24 } }, sizes)
  end)

  it("is restored once", function()
    open():close()
    assert.is_true(faked.is_closed)
    opened:close()
  end)
end)

describe("the tail of a text", function()
  it("is short, and begins at a line or a character", function()
    assert.equal("short", display.tail_of "short")
    local tail = display.tail_of(("é"):rep(100000))
    assert.truthy(utf8.len(tail) and #tail <= 64 * 1024)
    assert.truthy(display.tail_of(("line\n"):rep(50000)):find "^line\n")
    assert.equal("", display.tail_of "")
  end)
end)
