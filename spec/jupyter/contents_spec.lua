local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local notebook_server = require "spec.notebook_server"
local world = require "spec.world"

describe("the files of an instance", function()
  local played, jupyter

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    jupyter = played.vm.jupyter
    played.directories["Users"], played.directories["Users/ann"] = true, true
    played.files["Users/b.txt"], played.files["Users/a.txt"] = "bb", "a"
  end)
  after_each(function() world.finish(played) end)

  local function code_of(f, ...)
    local _, err = errors.try(f, jupyter, ...)
    return err and err.code, err
  end

  it("are listed: directories first, then by name", function()
    local entry = jupyter:contents "Users"
    local names = {}
    for i, item in ipairs(entry.items) do names[i] = item.kind .. " " .. item.path end
    assert.same({ "directory Users/ann", "file Users/a.txt", "file Users/b.txt" }, names)
    assert.equal("directory", entry.kind)
    assert.same({ 2, "2026-11-28T08:00:00.000000Z" },
      { entry.items[3].size, entry.items[3].modified })
    assert.equal("ci-ann:Users/ann/", tostring(entry.items[1]))
    assert.equal("ci-ann:Users/a.txt, 1 byte", tostring(entry.items[2]))
    assert.equal("Users", jupyter:contents().items[1].name)
  end)

  it("are looked at, read and written", function()
    local entry = jupyter:contents "~/cloudfiles/code/Users/a.txt"
    assert.same({ "a.txt", "file", 1 }, { entry.name, entry.kind, entry.size })
    assert.equal("a", entry:read())
    local bytes = "\0\1\xff grüße\n"
    assert.equal(#bytes, jupyter:write("Users/new", bytes).size)
    assert.equal(bytes, jupyter:read "Users/new")
    jupyter:write("Users/new", "")
    assert.equal("", jupyter:read "Users/new")
    assert.error_matches(function() jupyter:write("Users/new", 7) end, "string expected")
    assert.equal("InvalidArgument", code_of(jupyter.write, "x", ("x"):rep(9 * 1024 * 1024)))
  end)

  it("get their names escaped in requests", function()
    played.files["a b%c?#.txt"] = "odd"
    assert.equal("odd", jupyter:read "a b%c?#.txt")
    jupyter:remove "a b%c?#.txt"
    assert.is_nil(played.files["a b%c?#.txt"])
  end)

  it("are missing in a sentence that names them", function()
    local code, err = code_of(jupyter.contents, "Users/no\27[31m")
    assert.equal("FileNotFound", code)
    assert.equal("there is no 'Users/no\u{FFFD}[31m' on 'ci-ann'", err.message)
    assert.matches("azureml ls ci%-ann:", err.hint)
    code, err = code_of(jupyter.write, "nothing/here", "x")
    assert.same({ "FileNotFound", "there is no directory 'nothing' on 'ci-ann'" },
      { code, err.message })
    assert.equal("FileNotFound", code_of(jupyter.make_directory, "a/b"))
    assert.equal("FileNotFound", code_of(jupyter.read, "nothing"))
    assert.equal("InvalidArgument", code_of(jupyter.read, "Users"))
    played.files.large = ("x"):rep(9 * 1024 * 1024)
    assert.equal("InvalidArgument", code_of(jupyter.read, "large"))
    assert.equal("FileNotFound", code_of(jupyter.remove, "nothing"))
  end)

  it("may be forbidden by the instance's own user, which is not the token's fault", function()
    played.instead = function(request)
      if request.method ~= "PUT" then return nil end
      return { status = 403, body = '{"message": "Permission denied: Users/a.txt"}' }
    end
    local code, err = code_of(jupyter.write, "Users/a.txt", "x")
    assert.equal("PermissionDenied", code)
    assert.is_nil(err.message:find "token")
  end)

  it("are renamed, also over one of that name", function()
    jupyter:rename("Users/a.txt", "Users/b.txt")
    assert.same({ ["Users/b.txt"] = "a" }, played.files)
  end)

  it("are renamed over no directory, and not if they are missing", function()
    played.files["Users/ann/x"] = "kept"
    local code, err = code_of(jupyter.rename, "Users/a.txt", "Users/ann")
    assert.same({ "FileExists", "ci-ann:Users/ann is a directory, which is not replaced" },
      { code, err.message })
    code, err = code_of(jupyter.rename, "Users/no", "Users/c")
    assert.same({ "FileNotFound", "there is no 'Users/no' on 'ci-ann'" }, { code, err.message })
    assert.equal("FileNotFound", code_of(jupyter.rename, "Users/no", "Users/b.txt"))
    code, err = code_of(jupyter.rename, "Users/a.txt", "nowhere/a")
    assert.same({ "FileNotFound", "there is no directory 'nowhere' on 'ci-ann'" },
      { code, err.message })
    assert.same({ ["Users/a.txt"] = "a", ["Users/b.txt"] = "bb", ["Users/ann/x"] = "kept" },
      played.files)
  end)

  it("are made under no name that would disturb a screen, nor as the root", function()
    for _, path in ipairs { "", "/", "Users/e\27[31m", "Users/\u{202e}x", "a\nb" } do
      assert.equal("InvalidArgument", code_of(jupyter.write, path, "x"))
      assert.equal("InvalidArgument", code_of(jupyter.make_directory, path))
      assert.equal("InvalidArgument", code_of(jupyter.rename, "Users/a.txt", path))
    end
    assert.equal("InvalidArgument", code_of(jupyter.rename, "", "x"))
    assert.same({}, played.asked)
  end)

  it("have the length of the file that a link leads to", function()
    played.files.link, played.lengths.link = "some text", 2
    assert.equal("some text", jupyter:read "link")
    played.files.link = ("x"):rep(9 * 1024 * 1024)
    assert.equal("InvalidArgument", code_of(jupyter.read, "link"))
  end)

  it("are listed though a name is not UTF-8", function()
    played.instead = function(request)
      local items = '[{"name": "bad\\udcff.txt", "type": "file", "size": 1}]'
      return { status = 200, body = ('{"type": "directory", "content": %s}'):format(
        request.target:find "content=1" and items or "null") }
    end
    assert.equal("bad\u{FFFD}.txt", jupyter:contents("Users").items[1].name)
  end)

  it("are removed; a directory with files in it only on request", function()
    jupyter:remove "Users/a.txt"
    assert.is_nil(played.files["Users/a.txt"])
    local code, err = code_of(jupyter.remove, "Users")
    assert.equal("DirectoryNotEmpty", code)
    assert.equal("ci-ann:Users is a directory with 2 items", err.message)
    jupyter:remove "Users/ann"
    jupyter:remove("Users", { recursive = true })
    assert.same({ {}, { [""] = true } }, { played.files, played.directories })
    assert.equal("InvalidArgument", code_of(jupyter.remove, "", { recursive = true }))
  end)

  it("are removed one by one where the server removes only empty directories", function()
    played.keeps_full = true
    played.files["Users/ann/deep"] = "x"
    jupyter:remove("Users", { recursive = true })
    assert.same({ {}, { [""] = true } }, { played.files, played.directories })
  end)

  it("end at a depth that no tree of files has", function()
    played.keeps_full = true
    played.instead = function(request)
      if request.method == "DELETE" then return { status = 400 } end
      if request.target:find "content=1" then
        return { status = 200, body = json.encode { type = "directory", content = {
          { name = "again", type = "directory" } } } }
      end
      return { status = 200, body = '{"type": "directory"}' }
    end
    local _, err = code_of(jupyter.remove, "a", { recursive = true })
    while err.details do err = err.details[1].error end
    assert.equal("TooDeep", err.code)
  end)

  it("are refused when the machine sends what is no file", function()
    for _, item in ipairs {
      { name = "../x", type = "file" }, { name = "a/b", type = "file" },
      { name = "", type = "file" },
      { name = "..", type = "directory" }, { name = 7, type = "file" }, { type = "file" },
      { name = "a", type = "socket" }, { name = "a" },
    } do
      played.instead = function(request)
        local list = request.target:find "content=1" and { item } or nil
        local answer = { type = "directory", content = list }
        return { status = 200, body = json.encode(answer) }
      end
      assert.equal("InvalidReply", code_of(jupyter.contents, "x"), json.encode(item))
    end
    for _, body in ipairs { "7", "[]", "{}", '{"type": "file", "content": 1}', "null" } do
      played.instead = function() return { status = 200, body = body } end
      assert.equal("InvalidReply", code_of(jupyter.contents, ""), body)
    end
  end)

  it("are checked before a request", function()
    for _, path in ipairs { "../x", ".ssh", "/etc/passwd" } do
      assert.equal("InvalidArgument", code_of(jupyter.contents, path))
    end
    assert.error_matches(function() jupyter:contents(7) end, "path expected, got number")
    assert.error_matches(function() jupyter:contents(false) end, "path expected, got boolean")
    assert.error_matches(function() jupyter:rename("a") end, "#2 to 'rename' %(path expected")
    assert.error_matches(function() jupyter.contents "x" end, "vm.jupyter:contents")
    assert.same({}, played.asked)
  end)
end)
