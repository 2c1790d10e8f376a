-- The scripts that pack a release, over small files instead of an executable and its libraries.
-- `make release-check` tries the true ones.
local json = require "cjson"
local process = require "spec.process"

local TIME = 1700000000

describe("rockspec/release", function()
  local root

  before_each(function() root = process.directory() end)
  after_each(function() process.remove(root) end)

  local function run(...)
    local out, err, code = process.run { ... }
    assert(code == 0, err)
    return out
  end

  local function shell(format, ...)
    return run("sh", "-c", format:format(...))
  end

  local read = process.read

  local function digest_of(path)
    return shell("sha256sum <%s", path):match "^%x+"
  end

  describe("image.sh", function()
    -- Write an image of an executable with two authorities and a time zone.
    local function image(name)
      local environment = { AUTHORITIES = root .. "/authorities", ZONEINFO = root .. "/zones" }
      local out, err, code = process.run({ "rockspec/release/image.sh", root .. "/file", "arm64",
        "1.2.3", TIME, root .. "/" .. name }, environment)
      assert(code == 0, err)
      return out:match "^(sha256:%x+)\n$"
    end

    before_each(function()
      process.write(root .. "/file", "an executable", "700")
      shell("cd %s && mkdir -p authorities zones/Europe zones/right", root)
      process.write(root .. "/zones/Europe/Rome", "hours")
      process.write(root .. "/zones/right/UTC", "leap seconds")
      for _, name in ipairs { "one", "two" } do
        shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=%s \z
          -keyout /dev/null -out %s/authorities/%s.crt 2>/dev/null", name, root, name)
      end
    end)

    it("gives the same digest and the same tarball whenever and by whomever it is run", function()
      local first = image "first"
      shell("touch -d 2001-01-01 %s/file %s/zones/Europe && chmod 755 %s/file", root, root, root)
      assert.equal(first, image "second")
      assert.equal(digest_of(root .. "/first.tar"), digest_of(root .. "/second.tar"))
      process.write(root .. "/file", "another executable")
      assert.not_equal(first, image "third")
    end)

    it("refers to each blob by its digest and size", function()
      local digest = image "image"
      local folder = root .. "/image"
      local function blob(reference)
        local path = folder .. "/blobs/sha256/" .. reference.digest:match "^sha256:(%x+)$"
        assert.equal(reference.digest, "sha256:" .. digest_of(path))
        assert.equal(reference.size, #read(path))
        return path
      end
      assert.same({ imageLayoutVersion = "1.0.0" }, json.decode(read(folder .. "/oci-layout")))
      local index = json.decode(read(folder .. "/index.json"))
      assert.equal(digest, index.manifests[1].digest)
      assert.equal("1.2.3", index.manifests[1].annotations["org.opencontainers.image.ref.name"])
      local manifest = json.decode(read(blob(index.manifests[1])))
      local config = json.decode(read(blob(manifest.config)))
      local layer = blob(manifest.layers[1])
      assert.equal(config.rootfs.diff_ids[1],
        "sha256:" .. shell("gzip -dc %s | sha256sum", layer):match "^%x+")
      assert.same({ "arm64", "linux", "2023-11-14T22:13:20Z" },
        { config.architecture, config.os, config.created })
      assert.same({ "65532:65532", "/usr/bin/azureml", "HOME=/tmp" },
        { config.config.User, config.config.Entrypoint[1], config.config.Env[2] })
      assert.equal(3, shell("ls %s/blobs/sha256 | wc -l", folder) + 0)
    end)

    it("holds the executable, hashed authorities, time zones and a /tmp for all", function()
      image "image"
      local layer = shell("ls -S %s/image/blobs/sha256/* | head -n 1", root):match "%S+"
      local listing = shell("TZ=UTC tar -tvzf %s --numeric-owner", layer)
      for line in listing:gmatch "[^\n]+" do assert.matches("^%S+ 0/0 .* 2023%-11%-14 %d", line) end
      assert.matches("\n%-rwxr%-xr%-x [^\n]* %./usr/bin/azureml\n", listing)
      assert.matches("\ndrwxrwxrwt [^\n]* %./tmp/\n", listing)
      assert.matches("/zoneinfo/Europe/Rome\n", listing)
      assert.is_nil(listing:find "right")
      local hash = shell("openssl x509 -noout -subject_hash -in %s/authorities/two.crt", root)
      assert.matches("/etc/ssl/certs/" .. hash:match "%x+" .. "%.0 %-> two%.crt\n", listing)
    end)
  end)

  describe("tarball.sh", function()
    local NAME = "azureml-1.2.3-linux-m68k"

    -- What a release is packed of: path -> text.
    local PARTS = {
      ["built/azureml"] = "an executable",
      ["build/azureml.1"] = "a page",
      ["build/completion.bash"] = "b",
      ["build/completion.zsh"] = "z",
      ["build/completion.fish"] = "f",
      ["libraries/zig/bin/zig"] = "a compiler",
      ["libraries/zig/bin/LICENSE"] = "the compiler's",
      ["libraries/zig/bin/lib/libc/musl/COPYRIGHT"] = "the C library's",
      ["libraries/sources/versions"] = "one 1.0-2\ntwo 3 without Debian's changes\n",
      ["libraries/sources/one/debian/copyright"] = "Debian's list",
      ["libraries/sources/one/LICENSE"] = "less than that",
      ["libraries/sources/two/LICENSE"] = "two's own",
    }

    before_each(function()
      for path, text in pairs(PARTS) do
        shell("mkdir -p %s/%s", root, path:match "^(.+)/")
        process.write(root .. "/" .. path, text)
      end
    end)

    local function pack(folder)
      local tarball = ("%s/%s/%s.tar.gz"):format(root, folder, NAME)
      shell("mkdir -p %s/%s", root, folder)
      run("rockspec/release/tarball.sh", root .. "/built/azureml", root .. "/build",
        root .. "/libraries", TIME, tarball)
      return tarball
    end

    it("packs the executable and all that belongs to it into one folder", function()
      local names = {}
      local tarball = pack "first"
      for path in shell("tar -tzf %s", tarball):gmatch "[^\n]*[^/\n]\n" do
        names[#names + 1] = path:sub(#NAME + 2, -2)
      end
      assert.same({ "LICENSE", "README.md", "azureml", "azureml.1", "completions/_azureml",
        "completions/azureml", "completions/azureml.fish", "licences/musl", "licences/one",
        "licences/two", "licences/versions", "licences/zig" }, names)
      shell("tar -xzf %s -C %s --strip-components=1", tarball, root)
      assert.equal("Debian's list", read(root .. "/licences/one"))
      assert.equal("two's own", read(root .. "/licences/two"))
    end)

    it("gives the same bytes for the same input", function()
      local first = digest_of(pack "first")
      shell("touch -d 2001-01-01 %s/built/azureml %s/build/azureml.1", root, root)
      assert.equal(first, digest_of(pack "second"))
    end)

    it("refuses a source without a licence", function()
      os.remove(root .. "/libraries/sources/two/LICENSE")
      local _, err = pcall(pack, "first")
      assert.matches("release: the source of two has no licence", tostring(err))
    end)
  end)

  it("names the targets that there are when another is asked for", function()
    local _, err, code = process.run { "make", "-s", "release", "TARGETS=linux-m68k" }
    assert.equal(2, code)
    assert.matches('there is no release "linux%-m68k": known are linux%-x86_64', err)
  end)
end)
