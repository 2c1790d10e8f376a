-- make dist: the source tarball. spec/e2e/rock_spec.lua builds azureml from it.
local process = require "spec.process"

describe("make dist", function()
  local root, tarball, source
  local name = "azureml-" .. require("azureml").version

  local function run(argv, environment, directory)
    local out, err, code = process.run(argv, environment, directory)
    assert(code == 0, table.concat(argv, " ") .. "\n" .. out .. err)
    return out
  end

  local function sum(path) return run { "sh", "-c", 'sha256sum < "$0"', path } end

  -- Make the tarball in a directory; return its path.
  local function dist(directory)
    run({ "make", "dist", "DIST=" .. root .. "/again" }, {}, directory)
    return ("%s/again/%s.tar.gz"):format(root, name)
  end

  setup(function()
    root = process.directory()
    run { "make", "dist", "DIST=" .. root .. "/dist" }
    tarball = ("%s/dist/%s.tar.gz"):format(root, name)
    run { "tar", "-xzf", tarball, "-C", root }
    source = root .. "/" .. name
  end)
  teardown(function() process.remove(root) end)

  it("puts all that is tracked into one directory, in order", function()
    local listed = run { "sh", "-c", 'tar -tzf "$0" | LC_ALL=C sort -c && tar -tzf "$0"', tarball }
    local here = run { "sh", "-c", [[
      if test -e .git; then git ls-files
      else find . -type f -printf '%P\n' | grep -v -e '^build/' -e '__pycache__/'
      fi | LC_ALL=C sort | sed "s,^,$0/,"]], name }
    assert.equal(here, listed)
    for _, path in ipairs { "Makefile", "LICENSE", "csrc/aml.h", "rockspec/debian/rules",
      "spec/e2e/dist_spec.lua", ".busted" } do
      assert.is_truthy(("\n" .. listed):find(("\n%s/%s\n"):format(name, path), 1, true), path)
    end
  end)

  it("gives the same bytes without git, beside a build and at another time", function()
    assert.equal(sum(tarball), sum(dist(source)))
    run({ "sh", "-c", [[
      mkdir -p build/deb lua/__pycache__ && touch build/deb/x lua/__pycache__/x.pyc
      find . -type d -exec chmod 700 {} + && chmod 600 LICENSE && touch LICENSE]] }, {}, source)
    assert.equal(sum(tarball), sum(dist(source)))
  end)

  it("gives other bytes for another source", function()
    process.write(source .. "/lua/azureml/more.lua", "return 1\n")
    local more = dist(source)
    assert.not_equal(sum(tarball), sum(more))
    assert.matches("/lua/azureml/more%.lua\n", run { "tar", "-tzf", more })
  end)
end)
