local disk_space = require "azureml.look.disk_space"

describe("what frees space on a disk", function()
  it("is known for the system's disk", function()
    local text = table.concat(disk_space.steps "/", "\n")
    assert.matches("pip cache purge", text, 1, true)
    assert.equal(text, table.concat(disk_space.steps(), "\n"))
  end)

  it("names another disk's mount point, quoted where a shell needs it", function()
    assert.matches("df -h /mnt; sudo du -xh --max-depth=2 /mnt ", disk_space.steps("/mnt")[1], 1,
      true)
    assert.matches("df -h '/a $(b)'; ", disk_space.steps("/a $(b)")[1], 1, true)
  end)
end)
