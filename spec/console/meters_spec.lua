local meters = require "azureml.console.meters"

local function metrics(more)
  local fields = {
    name = "ci-ann", cores = 4, load_1 = 0.5, load_5 = 0.25, load_15 = 1, uptime = 3700,
    memory = { size = 16 << 30, used = 4 << 30, available = 12 << 30, swap_size = 0,
      swap_used = 0 },
    disks = {
      { mount = "/", used = 97 << 30, available = 3 << 30, used_percent = 97,
        is_nearly_full = true, steps = { "purge" } },
      { mount = "/mnt", used = 0, available = 200 << 30, used_percent = 0,
        is_nearly_full = false },
    },
    gpus = {}, notes = {},
  }
  for name, value in pairs(more or {}) do fields[name] = value end
  return fields
end

describe("metrics for people", function()
  it("write sizes", function()
    local sizes = { 0, 1023, 1024, 3435973837, 214748364800, 1 << 43 }
    local texts = {}
    for i, size in ipairs(sizes) do texts[i] = meters.size(size) end
    assert.same({ "0 bytes", "1023 bytes", "1.0 KiB", "3.2 GiB", "200 GiB", "8.0 TiB" }, texts)
  end)

  it("are all told of one instance", function()
    local found = metrics {
      gpus = {
        { index = 0, name = "V100", used_percent = 87, memory_used = 1 << 30,
          memory_size = 16 << 30, temperature = 64 },
        { index = 1, name = "odd" },
      },
      notes = { "df: no" },
    }
    found.memory.swap_size, found.memory.swap_used = 2 << 30, 1 << 30
    assert.same({
      "ci-ann: up for 1 h 1 min",
      "  load: 0.50 0.25 1.00 on 4 cores",
      "  memory: 4.0 GiB of 16.0 GiB, 25 %",
      "  swap: 1.0 GiB of 2.0 GiB",
      "  GPU 0, V100: 87 %, 1.0 GiB of 16.0 GiB, 64 °C",
      "  GPU 1, odd: not measured",
      "  disk /: 97 % of 100 GiB, 3.0 GiB left: nearly full",
      "    next: purge",
      "  disk /mnt: 0 % of 200 GiB, 200 GiB left",
      "  not read: df: no",
    }, meters.details(found))
  end)

  local function row(reading)
    local cells = {}
    for i, column in ipairs(meters.COLUMNS) do
      local key = column.key
      if type(key) == "function" then cells[i] = key(reading) else cells[i] = reading[key] end
      cells[i] = cells[i] or "-"
    end
    return cells
  end

  it("hold nothing that moves the cursor", function()
    local found = metrics { gpus = { { index = 0, name = "\u{9B}2J\u{202E}" } } }
    assert.equal("  GPU 0, \u{FFFD}2J\u{FFFD}: not measured", meters.details(found)[4])
  end)

  it("are a row for each of many, with the busiest GPU", function()
    assert.same({ "ci-ann", "0.50 0.25 1.00", 4, "4.0 GiB of 16.0 GiB", "/ 97 %!", "-" },
      row { name = "ci-ann", metrics = metrics() })
    local gpus = { { index = 0, name = "a", used_percent = 3 },
      { index = 1, name = "b", used_percent = 50 } }
    assert.equal("50 % (2)", row({ name = "x", metrics = metrics { gpus = gpus } })[6])
    assert.same({ "ci-bob", "-", "-", "-", "-", "-" }, row { name = "ci-bob", why = "no" })
  end)

  it("colour what is full, busy or not read", function()
    local calm = { metrics().disks[2] }
    assert.equal(31, meters.colour { name = "x", metrics = metrics() })
    assert.equal(31, meters.colour { name = "x", why = "no" })
    assert.equal(33, meters.colour { name = "x", metrics = metrics { disks = calm, load_1 = 5 } })
    assert.is_nil(meters.colour { name = "x", metrics = metrics { disks = calm } })
    assert.is_nil(meters.colour { name = "x", metrics = metrics { disks = {} } })
  end)

  it("say what frees space", function()
    assert.same({ "ci-ann: / is 97 % full, 3.0 GiB left", "  next: purge" },
      meters.warnings { { name = "ci-bob", why = "no" }, { name = "ci-ann", metrics = metrics() } })
  end)
end)
