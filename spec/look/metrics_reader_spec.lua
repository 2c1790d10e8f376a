local reader = require "azureml.look.metrics_reader"

local GOOD = [[
begin
cores 4
load 0.52 1.58 2.59 3/415 12345
uptime 93784.12 300000.01
memory MemTotal 16384000
memory MemAvailable 12288000
memory SwapTotal 2048
memory SwapFree 1024
disk Filesystem     1024-blocks      Used Available Capacity Mounted on
disk /dev/root        1000000    950000     40000      96% /
disk /dev/sdb1        2000000    100000   1900000       5% /mnt
disk //files/share 5000000000         0 5000000000       0% /home/azureuser/cloudfiles/code
disk df: /root/x: Permission denied
disk pool               100000     100      1000       1% /pool
disk Filesystem     1024-blocks      Used Available Capacity Mounted on
disk /dev/root        1000000    950000     40000      96% /
gpu 0, 87, 10240, 16160, 64, Tesla V100-PCIE-16GB
gpu 1, [N/A], 1, 16160, [Not Supported], Some, GPU
failed df: it ended with exit code 1
end
]]

describe("what an instance prints of its metrics", function()
  it("is read into fields", function()
    local found = reader.read(GOOD)
    assert.same({ 4, 0.52, 1.58, 2.59, 93784.12 },
      { found.cores, found.load_1, found.load_5, found.load_15, found.uptime })
    assert.same({
      size = 16384000 * 1024, available = 12288000 * 1024, used = 4096000 * 1024,
      swap_size = 2048 * 1024, swap_used = 1024 * 1024,
    }, found.memory)
    assert.same({ "df: it ended with exit code 1" }, found.notes)
  end)

  it("has each local disk once, the fullest first, and marks those that are nearly full", function()
    local disks = reader.read(GOOD).disks
    local seen = {}
    for i, disk in ipairs(disks) do
      seen[i] = { disk.mount, disk.used_percent, disk.is_nearly_full }
    end
    assert.same({ { "/", 96, true }, { "/mnt", 5, false },
      { "/home/azureuser/cloudfiles/code", 0, false } }, seen)
    assert.matches("conda clean", table.concat(disks[1].steps, "\n"), 1, true)
    assert.is_nil(disks[2].steps)
    assert.same({ 1000000 * 1024, 40000 * 1024 }, { disks[1].size, disks[1].available })
  end)

  it("has the GPUs, without what they do not measure", function()
    local gpus = reader.read(GOOD).gpus
    assert.same({
      { index = 0, name = "Tesla V100-PCIE-16GB", used_percent = 87, temperature = 64,
        memory_used = 10240 << 20, memory_size = 16160 << 20 },
      { index = 1, name = "Some, GPU", memory_used = 1 << 20, memory_size = 16160 << 20 },
    }, gpus)
  end)

  it("may stand behind what a profile of the shell prints", function()
    assert.equal(4, reader.read("Welcome!\nbegin again\n" .. GOOD).cores)
  end)

  it("may lack GPUs and swap", function()
    local text = GOOD:gsub("gpu [^\n]*\n", ""):gsub("memory Swap[^\n]*\n", "")
    local found = reader.read(text)
    assert.same({ 0, 0, 0 }, { #found.gpus, found.memory.swap_size, found.memory.swap_used })
  end)

  it("counts a disk on which only the system may still write as full", function()
    local text = GOOD:gsub("950000     40000", "1000000    -20000", 1)
    assert.equal(100, reader.read(text).disks[1].used_percent)
  end)

  it("replaces bytes that are no UTF-8 in names", function()
    assert.equal("Tesla ??", reader.read((GOOD:gsub("V100[^\n]*", "\xff\xfe"))).gpus[1].name)
  end)

  -- what is replaced, by what, and the fault
  for _, row in ipairs {
    { "\nend\n", "\n", "the end" },
    { "begin\n", "", "the beginning" },
    { "cores 4\n", "", "no cores" },
    { "cores 4", "cores four", "cores" },
    { "cores 4", "cores 1e3", "cores" },
    { "cores 4", "cores 99999999999999999999", "cores" },
    { "load 0.52 1.58 2.59", "load 0.52", "load" },
    { "uptime 93784.12 300000.01", "uptime", "uptime" },
    { "uptime 93784.12", "uptime -1", "uptime" },
    { "MemAvailable 12288000", "MemAvailable 99999999", "memory" },
    { "memory MemTotal 16384000", "memory \27[2J 1", "memory" },
    { "memory MemTotal 16384000", "memory MemTotal 9007199254740993", "memory" },
    { "/mnt\n", "\27[2J\n", "mount" },
    { "/mnt\n", ("/m"):rep(300) .. "\n", "mount" },
    { "disk /dev/sdb1", "disk", "device" },
    { "/dev/sdb1        2000000", "/dev/sdb1 x", "a line of df" },
    { "1900000 ", "9007199254740990 ", "space" },
    { "gpu 0, 87", "gpu 0", "nvidia" },
    { "gpu 0, 87", "gpu 0, nan", "nvidia" },
    { "cores 4", "cores 4\nsurprise", "unknown line" },
  } do
    it(("is refused with %q in place of %q"):format(row[2]:sub(1, 20), row[1]), function()
      local from = GOOD:find(row[1], 1, true)
      local text = GOOD:sub(1, from - 1) .. row[2] .. GOOD:sub(from + #row[1])
      local found, fault = reader.read(text)
      assert.is_nil(found)
      assert.matches(row[3], fault, 1, true)
    end)
  end

  it("is refused with too many disks", function()
    local lines = {}
    for i = 1, 300 do lines[i] = ("disk /dev/x 1 1 1 - /m%d\n"):format(i) end
    local _, fault = reader.read((GOOD:gsub("begin\n", "begin\n" .. table.concat(lines), 1)))
    assert.equal("more than 256 lines of disks", fault)
  end)
end)
