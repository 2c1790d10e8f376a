local ssh_key = require "azureml.definition.ssh_key"

describe("an SSH key", function()
  local LINE = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ=="
  local function pem(body)
    return ("-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----"):format(body)
  end

  it("is a line or a PEM text, without what editors leave around it", function()
    assert.equal(LINE .. " ann@home", ssh_key.check("\xEF\xBB\xBF " .. LINE .. " ann@home\r\n"))
    assert.equal(LINE, ssh_key.check(LINE))
    assert.equal(pem "AAAA\nBBBB", ssh_key.check(pem("AAAA\r\nBBBB") .. "\n"))
  end)

  it("is the same with another comment, and with other line breaks", function()
    assert.is_true(ssh_key.same(LINE .. " a", LINE .. " b"))
    assert.is_false(ssh_key.same(LINE, LINE:gsub("gQ", "gR")))
    assert.is_true(ssh_key.same(pem "AAAA\nBBBB", pem "AAAA\r\nBBBB"))
    assert.is_false(ssh_key.same(pem "AAAA", pem "BBBB"))
    assert.is_false(ssh_key.same(LINE, nil))
  end)

  for _, wrong in ipairs {
    "", "ssh-rsa", "ssh-rsa BBBB", "ssh-rsa AAAA!!", LINE .. "\n" .. LINE, LINE .. "\27[2J",
    "ssh-rsa AAAAC3NzaC1lZDI1NTE5 ann", pem "", pem "!!", "-----BEGIN PUBLIC KEY-----", 5, {}, true,
    LINE .. " \xFF",
  } do
    it("is refused: " .. tostring(wrong):gsub("%c", "."):gsub("table:.*", "a table"), function()
      assert.matches("^must be an RSA public key", select(2, ssh_key.check(wrong)))
    end)
  end

  it("is not a private key, which no fault shows", function()
    for _, text in ipairs {
      "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret",
      pem "AAAA" .. "\n-----BEGIN PRIVATE KEY-----s3cret",
    } do
      local _, fault = ssh_key.check(text)
      assert.matches("this one is a private key, keep it to yourself", fault)
      assert.is_nil(fault:find "s3cret")
    end
    assert.matches("this one is ssh%-ed25519", select(2, ssh_key.check "ssh-ed25519 AAAAC3Nz"))
  end)
end)
