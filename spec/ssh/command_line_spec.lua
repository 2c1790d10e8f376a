local command_line = require "azureml.ssh.command_line"
local process = require "spec.process"
local surroundings = require "spec.surroundings"

-- Run a text in a shell; return its output and exit code. The outer shell would tell on standard
-- error that a signal has ended the inner one.
local function shell(text)
  local command = "exec 2>/dev/null; sh -c " .. command_line.quoted(text) .. "; echo $?"
  local file <close> = assert(io.popen(command))
  return file:read "a"
end

describe("the command line of ssh", function()
  local home, variables, where

  before_each(function()
    home = process.directory()
    variables = surroundings { HOME = home, XDG_STATE_HOME = false, SSH_AUTH_SOCK = "/agent" }
    where = {
      name = "ci-ann", user = "azureuser", host = "20.1.2.3", port = 50000,
      vm = { name = "ci-ann", id = "/a/ci-ann", created_on = "2026-01-01" },
    }
  end)
  after_each(function()
    variables:close()
    process.remove(home)
  end)

  local function words(argv) return "\n" .. table.concat(argv, "\n") .. "\n" end

  it("ends its options before the host", function()
    local argv = command_line.ssh(where, { command = "id" })
    assert.same({ "-p", "50000", "--", "azureuser@20.1.2.3" },
      { table.unpack(argv, #argv - 4, #argv - 1) })
  end)

  it("lets no configuration decide", function()
    local text = words(command_line.ssh(where, {}))
    for _, word in ipairs {
      "\n-F\nnone\n", "ProxyCommand=none", "GlobalKnownHostsFile=/dev/null",
      "HostKeyAlias=ci%-ann", "StrictHostKeyChecking=accept%-new", "ForwardAgent=no",
      "PermitLocalCommand=no", "BatchMode=yes", "ControlMaster=auto",
    } do
      assert.matches(word, text)
    end
  end)

  it("lets ssh ask a user who is there, and shares no connection for a forwarding", function()
    local text = words(command_line.ssh(where, { is_interactive = true }))
    assert.is_nil(text:find "BatchMode")
    text = words(command_line.ssh(where, { alone = true, forwards = { 8888, 80 } }))
    assert.matches("ControlMaster=no", text)
    assert.matches("\n%-L\n127.0.0.1:8888:127.0.0.1:80\n", text)
  end)

  it("has another host key file after a recreate, and removes the old one", function()
    local function file()
      return words(command_line.ssh(where, {})):match 'UserKnownHostsFile="(.-)"'
    end
    local first = file()
    assert.equal(first, file())
    process.write(first, "ci-ann ssh-ed25519 AAAA\n")
    where.vm.created_on = "2026-02-02"
    local second = file()
    assert.not_equal(first, second)
    assert.is_nil(io.open(first))
  end)

  it("shares connections by a socket with a short path, another for each key", function()
    local function socket(key)
      return words(command_line.ssh(where, { key = key })):match 'ControlPath="(.-)"'
    end
    process.write(home .. "/other", "key")
    assert.is_true(#socket() < 80)
    assert.not_equal(socket(), socket(home .. "/other"))
  end)

  it("passes a list word by word and a text to a shell of its own, with the exit code", function()
    assert.equal("a b|$HOME|it's|\n0\n",
      shell(command_line.remote { "printf", "%s|", "a b", "$HOME", "it's" }):gsub("|0", "|\n0"))
    assert.equal("x\n3\n", shell(command_line.remote "echo x; exit 3"))
    assert.equal("1\n", shell(command_line.remote { "false" }))
    assert.matches("143\n$", shell(command_line.remote "kill -TERM $$"))
  end)

  it("tells scp local paths from remote ones", function()
    local argv = command_line.scp(where, "-a:b", ":data/", {})
    assert.same({ "--", "./-a:b", "azureuser@20.1.2.3:data/" },
      { table.unpack(argv, #argv - 2) })
    where.host = "fe80::1"
    argv = command_line.scp(where, ":x y", "/tmp/x", { preserve = true })
    assert.same({ "azureuser@[fe80::1]:x y", "/tmp/x" }, { table.unpack(argv, #argv - 1) })
    assert.matches("\n%-p\n", words(argv))
  end)

  it("gives ssh no variable with a secret", function()
    variables:set { AZURE_CLIENT_SECRET = "s3cret", AZUREML_EMULATOR_KEY = "k3y", TERM = "dumb" }
    local environment = command_line.environment()
    assert.equal("dumb", environment.TERM)
    for name, value in pairs(environment) do
      assert.is_nil(name:find "^AZURE")
      assert.is_nil(value:find "s3cret")
    end
  end)
end)
