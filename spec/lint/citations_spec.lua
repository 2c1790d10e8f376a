--- The check of citations, with faults planted in a small tree: spec/lint/citations.lua.
local process = require "spec.process"

describe("the check of citations", function()
  local tree

  before_each(function()
    tree = process.directory()
    local folders = { "csrc/credential", "lua/azureml/task", "spec/contract" }
    for _, folder in ipairs(folders) do os.execute(("mkdir -p %s/%s"):format(tree, folder)) end
  end)

  after_each(function() process.remove(tree) end)

  -- Write files by path and check them all: what is printed, and the exit code.
  local function check(files)
    local paths = {}
    for path, text in pairs(files) do
      process.write(tree .. "/" .. path, text)
      paths[#paths + 1] = path
    end
    table.sort(paths)
    local script = process.root .. "/spec/lint/citations.lua"
    local environment = { LUA_PATH = process.root .. "/?.lua" }
    local argv = { "lua5.4", script, table.unpack(paths) }
    local output, errors, code = process.run(argv, environment, tree)
    assert.equal("", errors)
    return output, code
  end

  local function assert_found(files, place, cited)
    local output, code = check(files)
    local fault = "%s: cites %s, which does not exist: cite it as it is called now\n"
    local expected = fault:format(place, cited)
    assert.same({ expected, 1 }, { output, code })
  end

  local function assert_clean(files)
    assert.same({ "", 0 }, { check(files) })
  end

  it("accepts files that exist, by path, by its end, and by name from here or above", function()
    assert_clean {
      ["README.md"] = "See `csrc/op.c`, `csrc/*.c` and [the contract](spec/contract/auth.md).\n",
      ["csrc/op.c"] = "/* Source: spec/contract/auth.md, section 2; credential/chain.c. */\n",
      ["csrc/loop.c"] = "/* loop.c: the loop */\nint main(void) { return 0; }      // op.c\n",
      ["csrc/credential/chain.c"] = "/* see op.c and chain.c */\n",
      ["lua/azureml/task/init.lua"] = "-- client.lua calls task/init.lua, and that calls op.c.\n",
      ["lua/azureml/client.lua"] = "--[[ see\nlua/azureml/client.lua ]]\n",
      ["lua/azureml/list.lua"] = "-- lua.h, cli/NAME.lua and FILE.lua are none of ours.\n",
      ["spec/contract/auth.md"] = "Source: msal/oauth2.py, poller.go and `README.md`.\n",
    }
  end)

  it("finds a document that is gone", function()
    local files = { ["csrc/op.c"] = "int x;\n/* Source: design.md,\n   section 2. */\n" }
    assert_found(files, "csrc/op.c:2", "design.md")
  end)

  it("wants a document by its path from the root", function()
    assert_found({
      ["csrc/op.c"] = "/* Source: auth.md, section 2. */\n", ["spec/contract/auth.md"] = "",
    }, "csrc/op.c:1", "auth.md")
  end)

  it("finds a path and a name that are gone, in comments of each language", function()
    assert_found({ ["lua/azureml/client.lua"] = "local x = 1      -- see lua/azureml/task.lua\n" },
      "lua/azureml/client.lua:1", "lua/azureml/task.lua")
    assert_found({ ["lua/azureml/a.lua"] = "--[==[\n one\n render.lua's ]==]\n" },
      "lua/azureml/a.lua:3", "render.lua")
    assert_found({ ["csrc/a.c"] = "int x;      // heap.h\n" }, "csrc/a.c:1", "heap.h")
    assert_found({ ["Makefile"] = "all:\n# spec/gone.lua\n" }, "Makefile:2", "spec/gone.lua")
  end)

  it("finds a name that only a file in another room has", function()
    assert_found({
      ["lua/azureml/client.lua"] = "-- see init.lua\n", ["lua/azureml/task/init.lua"] = "",
    }, "lua/azureml/client.lua:1", "init.lua")
  end)

  it("finds a pattern that fits no file", function()
    local files = { ["README.md"] = "The border is `csrc/lua_*.c`.\n", ["csrc/op.c"] = "" }
    assert_found(files, "README.md:1", "csrc/lua_*.c")
  end)

  it("finds a broken link of a document, relative to its folder", function()
    assert_found({
      ["spec/README.md"] = "[one](contract/auth.md)\n[two](contract/lro.md)\n",
      ["spec/contract/auth.md"] = "",
    }, "spec/README.md:2", "contract/lro.md")
  end)

  it("finds a path of ours that is gone in the contract", function()
    assert_found({ ["spec/contract/auth.md"] = "Kept in `lua/azureml/gone.lua`.\n" },
      "spec/contract/auth.md:1", "lua/azureml/gone.lua")
  end)

  it("looks at comments alone in code", function()
    assert_clean {
      ["lua/azureml/a.lua"] = 'print("gone.lua -- gone.lua", \'gone.lua\', [[\n-- gone.lua]])\n'
        .. 'local quote = "\\"-- gone.lua"\n',
      ["csrc/a.c"] = '#include <stdlib.h>\nconst char *x = "/* gone.c */";\n',
    }
  end)
end)
