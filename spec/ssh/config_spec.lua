local config = require "azureml.ssh.config"
local errors = require "azureml.error"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

describe("the configuration of OpenSSH", function()
  local home, variables

  before_each(function()
    home = process.directory()
    variables = surroundings { HOME = home, XDG_STATE_HOME = false, SSH_AUTH_SOCK = "/agent" }
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  local function read(name) return process.read(("%s/.ssh/%s"):format(home, name)) end

  local function vm(name, changes)
    local all = {
      name = name, id = "/x/" .. name, created_on = "2026", workspace = { name = "team" },
      ssh = { enabled = true, user = "azureuser", host = "20.1.2.3", port = 50000 },
    }
    for field, value in pairs(changes or {}) do all[field] = value end
    return all
  end

  it("has a block for each instance with SSH, and tells of the others", function()
    local blocks, skipped = config.blocks {
      vm "ci-ann", vm("ci-bob", { ssh = { enabled = false } }),
      vm("ci-eve", { ssh = { enabled = true, user = "u", host = "-oProxyCommand=id", port = 1 } }),
    }
    assert.equal(1, #blocks)
    assert.matches("^Host ci%-ann ci%-ann%.team\n  HostName 20%.1%.2%.3\n  Port 50000\n", blocks[1])
    assert.same({ "ci-bob", "ci-eve" }, { skipped[1].name, skipped[2].name })
  end)

  it("is written anew: other workspaces keep their blocks, gone instances lose theirs", function()
    config.write("one", { "Host a\n", "Host b\n" })
    config.write("two", { "Host c\n" })
    config.write("one", { "Host b\n" })
    local text = read "azureml.config"
    assert.is_nil(text:find "Host a\n")
    assert.matches("Host b\n", text)
    assert.matches("Host c\n", text)
    config.write("one", {})
    assert.equal("# begin azureml two\nHost c\n# end azureml two\n", read "azureml.config")
  end)

  it("is included once, before the first block, and nothing else changes", function()
    os.execute(("mkdir '%s/.ssh'"):format(home))
    local own = "# mine\nHost x\n  Include azureml.config\n"
    process.write(home .. "/.ssh/config", own, "644")
    config.write("one", {})
    local text = read "config"
    assert.equal(('Include "%s/.ssh/azureml.config"\n\n%s'):format(home, own), text)
    config.write("one", { "Host a\n" })
    assert.equal(text, read "config")
  end)

  it("finds an Include that the user wrote", function()
    os.execute(("mkdir '%s/.ssh'"):format(home))
    local own = "include ~/.ssh/azureml.config other\nHost x\n"
    process.write(home .. "/.ssh/config", own)
    config.write("one", {})
    assert.equal(own, read "config")
  end)

  it("stays a link if it is one", function()
    os.execute(("mkdir '%s/.ssh' && ln -s ../dot '%s/.ssh/config'"):format(home, home))
    process.write(home .. "/dot", "Host x\n")
    config.write("one", {})
    local file <close> = assert(io.open(home .. "/dot"))
    assert.matches("^Include .*\n\nHost x\n$", file:read "a")
    assert.is_true((os.execute(("test -h '%s/.ssh/config'"):format(home))))
  end)

  it("is made when there is none", function()
    config.write("one", {})
    assert.equal(('Include "%s/.ssh/azureml.config"\n'):format(home), read "config")
  end)

  it("needs a home directory", function()
    variables:set { HOME = false }
    local _, err = errors.try(config.write, "one", {})
    assert.equal("NoHome", err.code)
  end)
end)
