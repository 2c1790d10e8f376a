local azureml = require "azureml"
local completing = require "azureml.change.completing"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local scripted = require "spec.scripted"
local world = require "spec.world"

describe("a creation with an SSH key", function()
  local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ"
  local emulator, ws, puts, directory, path

  before_each(function()
    puts = {}
    emulator, ws = world.open { ann = "Running" }
    emulator.log = function(request)
      if request.method == "PUT" then puts[#puts + 1] = json.decode(request.body) end
    end
    directory = process.run({ "mktemp", "-d" }):gsub("\n", "")
    path = directory .. "/id"
  end)
  after_each(function()
    world.close(emulator, ws)
    process.run { "rm", "-r", directory }
  end)

  local function refusal(f, ...)
    local value, err = azureml.try(f, ...)
    assert.is_nil(value)
    return err
  end

  local function create(options, name)
    options.ssh_public_access = true
    return ws.instances:create(name or "ci-new", options)
  end

  local function files()
    return (process.run { "ls", "-A", directory })
  end

  local function sent_key()
    return puts[1].properties.properties.sshSettings.adminPublicKey
  end

  describe("that is generated", function()
    -- Make keys of 1024 bits until the end of the scope: the others take 0.4 s each.
    local function small_keys()
      local generate = core.crypto.generate_key
      core.crypto.generate_key = function() return generate(1024) end
      return setmetatable({}, { __close = function() core.crypto.generate_key = generate end })
    end

    it("writes the pair for this user alone, and sends the public part", function()
      create { generate_ssh_key = path }
      assert.equal("600\n", (process.run { "stat", "-c", "%a", path }))
      assert.equal("id\nid.pub\n", files())
      assert.equal(sent_key() .. "\n", (process.run { "cat", path .. ".pub" }))
      local has_keygen = select(3, process.run { "which", "ssh-keygen" }) == 0
      if not has_keygen then return pending "ssh-keygen is not installed" end
      local output, errors, code = process.run { "ssh-keygen", "-y", "-f", path }
      assert.equal(0, code, errors)
      assert.equal(sent_key():match "^%S+ %S+", output:match "^%S+ %S+")
    end)

    it("never replaces a file", function()
      local _ <close> = small_keys()
      process.write(path, "mine")
      local err = refusal(create, { generate_ssh_key = path })
      assert.equal("KeyNotWritten", err.code)
      assert.matches("cannot be written to '.*/id': File exists", err.message)
      assert.matches("an existing key is never replaced", err.hint)
      assert.equal("mine", (process.run { "cat", path }))
      assert.equal(0, #puts)
    end)

    it("leaves nothing where the public part cannot be written", function()
      local _ <close> = small_keys()
      process.write(path .. ".pub", "mine")
      assert.equal("KeyNotWritten", refusal(create, { generate_ssh_key = path }).code)
      assert.equal("id.pub\n", files())
    end)

    it("leaves nothing where a check or the service refuses the creation", function()
      local _ <close> = small_keys()
      assert.equal("InstanceExists", refusal(create, { generate_ssh_key = path }, "ann").code)
      assert.matches("STANDARD_NOPE",
        refusal(create, { generate_ssh_key = path, vm_size = "STANDARD_NOPE" }).message)
      emulator:fault { match = { method = "PUT" }, answer = { status = 400,
        json = { error = { code = "BadRequest", message = "no" } } } }
      assert.equal("BadRequest", refusal(create, { generate_ssh_key = path }).code)
      assert.equal("", files())
    end)

    it("is the same for ensure later; an instance with another key stays as it is", function()
      local _ <close> = small_keys()
      local options = { generate_ssh_key = path, ssh_public_access = true }
      ws.instances:ensure("ci-new", options):wait()
      assert.same({}, ws.instances:ensure("ci-new", options).changes)
      local err = refusal(ws.instances.ensure, ws.instances, "ann",
        { generate_ssh_key = directory .. "/other" })
      assert.equal("DoesNotFit", err.code)
      assert.matches("'ann' exists, and its SSH key cannot be changed", err.message)
      assert.equal("id\nid.pub\n", files())
    end)

    for value, fault in pairs {
      [""] = "must not be empty", ["a/"] = "must be the path of a new file",
      ["a.pub"] = "must be the path of a new file", ["a\nb"] = "must be a text of one line",
    } do
      it("refuses a path that cannot be one: " .. fault, function()
        assert.matches("^generate_ssh_key: " .. fault,
          refusal(create, { generate_ssh_key = value }).message)
      end)
    end
  end)

  describe("in a file", function()
    it("sends a line, or a PEM text", function()
      process.write(path, "\xEF\xBB\xBF" .. KEY .. " ann@home\r\n")
      create { ssh_key_file = path }
      assert.equal(KEY .. " ann@home", sent_key())
      local pem = "-----BEGIN PUBLIC KEY-----\nMIIBCgKC\nAQEA\n-----END PUBLIC KEY-----"
      process.write(path, pem .. "\n")
      puts = {}
      create({ ssh_key_file = path }, "ci-other")
      assert.equal(pem, sent_key())
    end)

    it("refuses a private key, and does not show it", function()
      process.write(path, "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n")
      local err = refusal(create, { ssh_key_file = path })
      assert.matches("this one is a private key, keep it to yourself", err.message)
      assert.is_nil(tostring(err):find("c2VjcmV0", 1, true))
    end)

    it("refuses what cannot be read", function()
      assert.matches("ssh_key_file: .*No such file", refusal(create, {
        ssh_key_file = path }).message)
      process.write(path, "")
      assert.matches("it is empty", refusal(create, { ssh_key_file = path }).message)
      process.write(path, ("x"):rep(20000))
      assert.matches("too long", refusal(create, { ssh_key_file = path }).message)
    end)
  end)

  it("is given in one way only, and not for another user", function()
    assert.matches("give only one of generate_ssh_key, ssh_key_id",
      refusal(create, { generate_ssh_key = path, ssh_key_id = "a" }).message)
    assert.matches("assigned_user: an instance created on behalf of a user takes no SSH key",
      refusal(create, { generate_ssh_key = path, assigned_user = "ann@contoso.com" }).message)
    assert.equal("", files())
  end)
end)

describe("a stored SSH key", function()
  local KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ"
  local ID = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/sshPublicKeys/ann"
  local server, client

  after_each(function()
    client:close()
    server:close()
  end)

  -- Complete a definition with a stored key that the service answers for.
  local function complete(status, value)
    server = scripted(function()
      return { status = status, body = json.encode(value),
        headers = { ["content-type"] = "application/json" } }
    end)
    client = azureml.client { endpoint = server.url }
    local workspace = { client = function() return client end }
    return azureml.try(completing.complete, workspace, { ssh_key_id = ID })
  end

  it("is fetched by its id, and loses the line breaks in it", function()
    local wanted = complete(200, { properties = { publicKey = KEY .. "\r\nC7xyz= ann\r\n" } })
    assert.same({ admin_user_ssh_public_key = KEY .. "C7xyz= ann" }, wanted)
    assert.equal(ID .. "?api-version=2024-07-01", server.requests[1].target)
  end)

  it("that is not there is an error of the service", function()
    local _, err = complete(404, { error = { code = "ResourceNotFound", message = "no key" } })
    assert.equal("ResourceNotFound", err.code)
    assert.matches("az sshkey list", err.hint)
    assert.matches("get the SSH key: no key", err.message)
  end)

  for name, key in pairs {
    ["absent"] = json.null, ["a number"] = 5, ["of another kind"] = "ssh-ed25519 AAAAC3Nz ann",
    ["two keys"] = KEY .. "\n" .. KEY,
  } do
    it("is refused where it is " .. name, function()
      local _, err = complete(200, { properties = { publicKey = key } })
      assert.matches("^admin_user_ssh_public_key: the key of /subscriptions/.*/ann must be an RSA",
        err.message)
    end)
  end
end)
