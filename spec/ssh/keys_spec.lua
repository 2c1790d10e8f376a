local errors = require "azureml.error"
local keys = require "azureml.ssh.keys"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

describe("the private key for SSH", function()
  local home, variables

  before_each(function()
    home = process.directory()
    variables = surroundings { HOME = home, XDG_STATE_HOME = false, SSH_AUTH_SOCK = false }
    os.execute(("mkdir '%s/.ssh'"):format(home))
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  local function put(name, public)
    process.write(("%s/.ssh/%s"):format(home, name), "private")
    if public then process.write(("%s/.ssh/%s.pub"):format(home, name), public .. "\n") end
    return ("%s/.ssh/%s"):format(home, name)
  end

  it("is the one that the caller names", function()
    local path = put "mine"
    assert.equal(path, keys.find({ name = "ci-ann" }, path))
    local _, err = errors.try(keys.find, { name = "ci-ann" }, path .. "x")
    assert.equal("KeyMissing", err.code)
  end)

  it("is the one in ~/.ssh whose public part the instance has", function()
    put("other", "ssh-rsa AAAAother ann@x")
    local path = put("fits", "ssh-rsa  AAAAfits ann@laptop")
    assert.equal(path, keys.find { name = "ci-ann", public_key = "ssh-rsa AAAAfits someone" })
  end)

  it("is the one that was made when the instance was created", function()
    local path = process.write(home .. "/elsewhere", "private")
    keys.remember("ssh-rsa AAAAmade azureml", path)
    assert.equal(path, keys.find { name = "ci-ann", public_key = "ssh-rsa AAAAmade azureml" })
  end)

  it("is ~/.ssh/id_rsa when the service does not tell the public part", function()
    local path = put "id_rsa"
    assert.equal(path, keys.find { name = "ci-ann" })
  end)

  it("is left to an agent when no file fits", function()
    variables:set { SSH_AUTH_SOCK = "/agent" }
    assert.is_nil(keys.find { name = "ci-ann", public_key = "ssh-rsa AAAA x" })
  end)

  it("is missing: the error says for which public key", function()
    local _, err = errors.try(keys.find, { name = "ci-ann", public_key = "ssh-rsa AAAA ann@home" })
    assert.equal("KeyMissing", err.code)
    assert.matches("ann@home", err.message)
    assert.matches("%-%-key FILE", err.hint)
  end)
end)
