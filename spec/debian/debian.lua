-- The Debian packages that `make deb` made. `make packages-check` runs this file. It is slow: it
-- makes the packages a second time. Installing needs root and an overlay file system.
local process = require "spec.process"

local DEB = process.root .. "/build/deb"
local PACKAGES = { "azureml", "lua-azureml" }

describe("the Debian package", function()
  local root
  local version = require("azureml").version

  setup(function() root = process.directory() end)
  teardown(function() process.remove(root) end)

  local function run(argv, environment, directory)
    local out, err, code = process.run(argv, environment, directory)
    assert(code == 0, table.concat(argv, " ") .. "\n" .. out .. err)
    return out
  end

  local function sums(directory) return run({ "sh", "-c", "sha256sum *.deb" }, {}, directory) end

  it("satisfies lintian", function()
    local out = run { "sh", "-c", 'lintian --allow-root --pedantic -I "$0"/*.changes', DEB }
    assert.equal("", out)
  end)

  local needed = {
    azureml = { "libcurl4 (>= 7.84)", "libmicrohttpd12", "libedit2", "liblua5.4-0", "libssl3" },
    ["lua-azureml"] = { "libcurl4 (>= 7.84)", "lua5.4", "lua-cjson (>= 2.1.0)",
      "lua-argparse (>= 0.7.1)", "libmicrohttpd12", "libwslay1" },
  }

  for _, name in ipairs(PACKAGES) do
    it("depends on what it loads: " .. name, function()
      local out = run { "sh", "-c", 'dpkg-deb -f "$0/$1"_*.deb Version Depends', DEB, name }
      assert.matches("^Version: " .. version:gsub("%p", "%%%0") .. "%-", out)
      for _, dependency in ipairs(needed[name]) do
        assert.is_truthy(out:find(dependency, 1, true), dependency)
      end
    end)
  end

  it("has the same bytes when it is made from the tarball elsewhere, without git", function()
    local place = root .. "/an/other/place"
    run { "mkdir", "-p", place }
    run { "tar", "-xzf", ("build/dist/azureml-%s.tar.gz"):format(version), "-C", place }
    local source = ("%s/azureml-%s"):format(place, version)
    run({ "make", "deb" }, {}, source)
    assert.equal(sums(DEB), sums(source .. "/build/deb"))
    local out = run({ "make", "check", "CFLAGS=-O0", "SPECS=spec/tool/tables_spec.lua",
      "WORKERS=1" }, {}, source)
    assert.matches("\n%d+ passed, 0 failed\n$", out)
  end)

  -- Run a script in a root that is a copy of this machine's, with the packages in /debs. Print the
  -- files of azureml that it leaves there, then drop all changes.
  local function in_own_root(script)
    return process.run { "unshare", "-m", "sh", "-ec", [[
      mount -t tmpfs none "$0" && mkdir "$0/upper" "$0/work" "$0/root"
      mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
      mount --rbind /dev "$0/root/dev" && mount -t proc none "$0/root/proc"
      mkdir "$0/root/debs" && cp "$1"/*azureml_*.deb "$0/root/debs"
      printf %s "$2" > "$0/root/script"
      env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/nonexistent \
        chroot "$0/root" sh -e /script
      rm -r "$0/root/debs" "$0/root/script"
      cd "$0/upper" && find . -name '*azureml*' -not -type c]], root .. "/overlay", DEB, script }
  end

  it("is installed, works and is removed without a trace", function()
    run { "mkdir", root .. "/overlay" }
    local _, refusal, code = in_own_root "true"
    if code ~= 0 then return pending("no root of its own: " .. refusal) end
    local out, err
    out, err, code = in_own_root [[
      dpkg -i /debs/azureml_*.deb >/dev/null
      cd / && azureml --version | head -n 1
      azureml --emulator list -o json
      azureml -e 'print((require("azureml.core").library_path(require("azureml.httpd").listen)))'
      man -w azureml
      dpkg -i /debs/lua-azureml_*.deb >/dev/null
      lua5.4 -e '
        local azureml = require "azureml"
        local emulator <close> = require("azureml.emulator").start {}
        local ws = azureml.workspace()
        print(azureml.version, package.searchpath("azureml", package.path))
        print(#ws.instances:list():all())'
      dpkg -P azureml lua-azureml >/dev/null]]
    local expected = {
      "azureml " .. version .. ", Lua %d[%d.]*",
      "%[%]",
      "/usr/lib/[%w_-]+/azureml/httpd%.so",
      "/usr/share/man/man1/azureml%.1%.gz",
      version .. "\t/usr/share/lua/5%.4/azureml/init%.lua", "0",
    }
    assert.equal(0, code, err)
    assert.matches("^" .. table.concat(expected, "\n") .. "\n$", out)
  end)
end)
