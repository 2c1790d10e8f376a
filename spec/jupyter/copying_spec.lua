local core = require "azureml.core"
local errors = require "azureml.error"
local json = require "azureml.json"
local notebook_server = require "spec.notebook_server"
local process = require "spec.process"
local world = require "spec.world"

local MIB = 1024 * 1024

describe("a copy over Jupyter", function()
  local played, vm, here

  before_each(function()
    core.clock "virtual"
    played = notebook_server.open()
    vm = played.vm
    played.directories["Users"] = true
    here = process.directory()
  end)
  after_each(function()
    process.remove(here)
    world.finish(played)
  end)

  local function write(name, bytes)
    return process.write(here .. "/" .. name, bytes)
  end

  local function read(name)
    local file = io.open(here .. "/" .. name, "rb")
    if not file then return nil end
    local opened <close> = file
    return opened:read "a"
  end

  local function failure(...)
    local _, err = errors.try(vm.copy, vm, ...)
    return assert(err, "it was copied")
  end

  local function count_of(request)
    local count = 0
    for _, asked in ipairs(played.asked) do
      if asked:find(request, 1, true) then count = count + 1 end
    end
    return count
  end

  -- Bytes that differ from one MiB to the next.
  local function bytes_of(size)
    local pieces = {}
    for i = 1, math.ceil(size / 1024) do pieces[i] = ("%04x"):format(i):rep(256) end
    return table.concat(pieces):sub(1, size)
  end

  describe("to the instance", function()
    it("writes a small file whole, and an empty one", function()
      local copied = vm:copy(write("a", "text"), ":Users/b")
      assert.same({ 1, 4, {} }, { copied.files, copied.bytes, copied.skipped })
      vm:copy(write("empty", ""), ":Users/")
      assert.same({ ["Users/b"] = "text", ["Users/empty"] = "" }, played.files)
    end)

    it("writes a large file in chunks, compares it, and then names it", function()
      local bytes, seen = bytes_of(2 * MIB + 5), {}
      played.files["Users/large"] = "an older one"
      vm:copy(write("large", bytes), ":Users/large", {
        on_progress = function(progress) seen[#seen + 1] = progress.bytes end,
      })
      assert.is_true(played.files["Users/large"] == bytes)
      assert.is_nil(played.files["Users/large.azureml.part"])
      assert.same({ 0, MIB, 2 * MIB, 2 * MIB + 5 }, seen)
      assert.equal(3, count_of "PUT /api/contents/Users/large.azureml.part")
      assert.equal(1, count_of "GET /files/Users/large.azureml.part")
    end)

    it("trusts a hash that the server tells instead of reading the file back", function()
      played.tells_hash = true
      vm:copy(write("large", bytes_of(MIB + 1)), ":large")
      assert.equal(0, count_of "GET /files/")
      assert.equal(MIB + 1, #played.files.large)
    end)

    it("goes on where an earlier upload broke off", function()
      local bytes = bytes_of(3 * MIB)
      played.files["large.azureml.part"] = bytes:sub(1, MIB)
      vm:copy(write("large", bytes), ":large")
      assert.is_true(played.files.large == bytes)
      assert.equal(2, count_of "PUT /api/contents/large.azureml.part")
    end)

    it("starts anew when the earlier upload was of another version", function()
      local bytes = bytes_of(3 * MIB)
      for _, old in ipairs { ("x"):rep(MIB), ("x"):rep(4 * MIB), "" } do
        played.files["large.azureml.part"] = old
        vm:copy(write("large", bytes), ":large")
        assert.is_true(played.files.large == bytes)
        assert.is_nil(played.files["large.azureml.part"])
      end
    end)

    it("appends no chunk twice when an answer is lost", function()
      local bytes, lost = bytes_of(3 * MIB), 0
      -- The server takes the first chunk before its answer is lost, but not the second one.
      played.instead = function(request, path)
        if request.method ~= "PUT" or not path:find "part" or lost > 1 then return nil end
        lost = lost + 1
        if lost == 1 then played.files["large.azureml.part"] = bytes:sub(1, MIB) end
        return { status = 502 }
      end
      vm:copy(write("large", bytes), ":large")
      assert.is_true(played.files.large == bytes)
      assert.equal(2, lost)
    end)

    it("ends when another program writes the same file", function()
      local bytes = bytes_of(3 * MIB)
      played.instead = function(request, path)
        local number = request.method == "PUT" and path:find "part"
          and request.body:match '"chunk":(%-?%d+)'
        if number ~= "2" then return nil end
        played.files["large.azureml.part"] = "other"
        return { status = 502 }
      end
      assert.matches("was changed while it was written",
        failure(write("large", bytes), ":large").message)
    end)

    it("puts nothing in place whose hash differs", function()
      played.instead = function(request, path)
        if request.method == "PATCH" then error "it was named" end
        if path:find "^/files/" then
          return notebook_server.answer_range(("x"):rep(MIB + 1), request.headers.range)
        end
      end
      local err = failure(write("large", bytes_of(MIB + 1)), ":large")
      assert.equal("CopyFailed", err.code)
      assert.matches("another SHA%-256", err.message)
      assert.same({}, played.files)
    end)

    it("takes directories, and leaves hidden files out by name", function()
      os.execute(("mkdir -p '%s/tree/sub' '%s/tree/.git'"):format(here, here))
      write("tree/a", "1")
      write("tree/sub/b", "22")
      write("tree/.hidden", "x")
      local copied = vm:copy(here .. "/tree", ":Users")
      assert.same({ ["Users/tree/a"] = "1", ["Users/tree/sub/b"] = "22" }, played.files)
      assert.same({ 2, 3 }, { copied.files, copied.bytes })
      assert.same({ here .. "/tree/.git", here .. "/tree/.hidden" }, copied.skipped)
      vm:copy(here .. "/tree/", ":Users/other")
      assert.equal("22", played.files["Users/other/sub/b"])
    end)

    it("leaves out links to a directory above, however many", function()
      os.execute(("mkdir -p '%s/tree/sub' && cd '%s/tree' && ln -s . a && ln -s . b "
        .. "&& ln -s .. sub/up && ln -s ../x sub/x && echo 1 >x"):format(here, here))
      local copied = vm:copy(here .. "/tree", ":Users")
      assert.same({ ["Users/tree/x"] = "1\n", ["Users/tree/sub/x"] = "1\n" }, played.files)
      local skipped = {}
      for i, path in ipairs(copied.skipped) do skipped[i] = path:sub(#here + 2) end
      assert.same({ "tree/a", "tree/b", "tree/sub/up" }, skipped)
    end)

    it("tells in a sentence that no space is left, and does not try again", function()
      played.instead = function(request)
        if request.method ~= "PUT" then return nil end
        return { status = 500, body = json.encode { reason = json.null,
          message = "Unexpected error while saving file: a [Errno 28] No space left on device" } }
      end
      for _, size in ipairs { 1, 3 * MIB } do
        played.asked = {}
        local err = failure(write("large", bytes_of(size)), ":large")
        assert.equal("NoSpace", err.code)
        assert.matches("^no space is left for ci%-ann:large", err.message)
        assert.equal(1, count_of "PUT")
      end
    end)

    it("refuses what cannot be a copy, before anything is sent", function()
      local path = write("a", "x")
      played.files["Users/file"] = "f"
      os.execute(("mkdir '%s/dir'"):format(here))
      assert.matches("there is no such file", failure(here .. "/nothing", ":x").message)
      assert.equal("FileNotFound", failure(path, ":nothing/").code)
      assert.equal("InvalidArgument", failure(path, ":../x").code)
      assert.equal("InvalidArgument", failure(path, ":/etc/passwd").code)
      assert.equal("InvalidArgument", failure(write(".hidden", "x"), ":Users").code)
      for _, target in ipairs { ":Users", ":Users/e\27[31m" } do
        assert.equal("the path 'e\u{FFFD}[31m' on the instance has control characters: choose "
          .. "another name", (failure(write("e\27[31m", "x"), target).message:gsub("Users/", "")))
      end
      local err = failure(write("a\nb", "x"), ":Users")
      assert.equal("copy: the path '" .. here .. "/a b' has a line break or NUL in it", err.message)
      assert.matches("is a file, and", failure(here .. "/dir", ":Users/file").message)
      played.directories["Users/a"], played.files["Users/dir"] = true, "f"
      assert.matches("^ci%-ann:Users/a is a directory, and '.*/a' is a file$",
        failure(path, ":Users").message)
      assert.matches("^ci%-ann:Users/dir is a file, and", failure(here .. "/dir", ":Users").message)
      assert.matches("is no file", failure("/dev/null", ":x").message)
      assert.equal(0, count_of "PUT")
    end)
  end)

  describe("from the instance", function()
    it("writes the file, with all its bytes", function()
      played.files["Users/a"] = "\0\xff\n"
      local copied = vm:copy(":Users/a", here .. "/b")
      assert.same({ 1, 3 }, { copied.files, copied.bytes })
      assert.equal("\0\xff\n", read "b")
      vm:copy(":Users/a", here)
      assert.equal("\0\xff\n", read "a")
      played.files["Users/empty"] = ""
      vm:copy(":Users/empty", here)
      assert.equal("", read "empty")
    end)

    it("reads a large file in ranges, and goes on where an earlier copy broke off", function()
      local bytes, breaks = bytes_of(9 * MIB), true
      played.files.large = bytes
      played.instead = function(request)
        if breaks and (request.headers.range or ""):find "^bytes=4194304" then
          return { status = 400 }
        end
      end
      failure(":large", here)
      assert.is_nil(read "large")
      breaks, played.asked = false, {}
      vm:copy(":large", here)
      assert.is_true(read "large" == bytes)
      assert.equal(2, count_of "GET /files/large")
      assert.same({ "large" }, core.entries(here))
    end)

    it("does not go on with a copy of another version", function()
      local bytes = bytes_of(9 * MIB)
      played.files.large, played.modified.large = ("x"):rep(#bytes), "2026-11-27T08:00:00Z"
      played.instead = function(request)
        if (request.headers.range or ""):find "^bytes=4194304" then return { status = 400 } end
      end
      failure(":large", here)
      played.files.large, played.modified.large, played.instead = bytes, nil, nil
      vm:copy(":large", here)
      assert.is_true(read "large" == bytes)
    end)

    it("asks again for a range that failed", function()
      played.files.a = "text"
      local times = 0
      played.instead = function(_, path)
        if not path:find "^/files/" then return nil end
        times = times + 1
        return times < 3 and { status = 502 } or nil
      end
      vm:copy(":a", here)
      assert.equal("text", read "a")
    end)

    it("puts nothing in place that changed meanwhile, or has another hash", function()
      played.files.a = "text"
      played.instead = function(_, path)
        if path:find "^/files/" then played.modified.a = "2026-11-28T09:00:00Z" end
      end
      assert.matches("changed while it was copied", failure(":a", here).message)
      played.tells_hash = true
      played.instead = function(request, path)
        if not path:find "^/files/" then return nil end
        return notebook_server.answer_range("tixt", request.headers.range)
      end
      assert.matches("another SHA%-256", failure(":a", here).message)
      assert.same({}, core.entries(here))
    end)

    it("ends at an answer that is not the range", function()
      played.files.a = "text"
      for body, range in pairs {
        [""] = "bytes 0-3/4", texts = "bytes 0-3/4", [("x"):rep(100)] = "bytes 0-3/4",
        text = "bytes 1-4/8", tex = "bytes 0-3/4", tixt = "bytes */4", teyt = false,
        txt = "bytes 0-3/99999999999999999999999",
      } do
        played.instead = function(_, path)
          local headers = { ["Content-Range"] = range or nil }
          return path:find "^/files/" and { status = 206, body = body, headers = headers } or nil
        end
        assert.equal("CopyFailed", failure(":a", here).code)
      end
    end)

    it("takes directories", function()
      played.directories["Users/tree"], played.directories["Users/tree/sub"] = true, true
      played.files["Users/tree/a"], played.files["Users/tree/sub/b"] = "1", "22"
      vm:copy(":Users/tree", here .. "/copy")
      assert.same({ "1", "22" }, { read "copy/a", read "copy/sub/b" })
      local copied = vm:copy(":", here)
      assert.equal("22", read "ci-ann/Users/tree/sub/b")
      assert.equal(2, copied.files)
    end)

    it("writes nothing under a name that is hidden or unsafe, and tells it", function()
      for name, shown in pairs {
        [".bashrc"] = ".bashrc", ["a\27[31m"] = "a\u{FFFD}[31m", ["b\nc"] = "b c",
        ["d\u{202e}e"] = "d\u{FFFD}e",
      } do
        played.files = { ["Users/" .. name] = "x", ["Users/good"] = "y" }
        local copied = vm:copy(":Users", here .. "/copy")
        assert.same({ "ci-ann:Users/" .. shown }, copied.skipped)
        assert.same({ "good" }, core.entries(here .. "/copy"))
        local err = failure(":Users/" .. name, here)
        assert.is_nil(err.message:find "[\27\n]")
        assert.same({ "copy" }, core.entries(here))
        process.remove(here .. "/copy")
      end
    end)

    it("takes the whole file that a link leads to", function()
      for _, bytes in ipairs { bytes_of(9 * MIB), "short" } do
        played.files["Users/link"], played.lengths["Users/link"] = bytes, 11
        local last
        vm:copy(":Users/link", here .. "/link", { on_progress = function(seen) last = seen end })
        assert.is_true(read "link" == bytes)
        assert.same({ #bytes, #bytes }, { last.bytes, last.total })
        assert.equal("short", bytes == "short" and vm.jupyter:read "Users/link" or "short")
      end
    end)

    it("goes on with the file that a link leads to", function()
      local bytes, breaks = bytes_of(9 * MIB), true
      played.files.link, played.lengths.link = bytes, 11
      played.instead = function(request)
        local is_second = (request.headers.range or ""):find "^bytes=11%-"
        return breaks and is_second and { status = 400 } or nil
      end
      failure(":link", here)
      breaks = false
      local resumed
      vm:copy(":link", here, { on_progress = function(seen) resumed = seen.resumed end })
      assert.is_true(read "link" == bytes)
      assert.equal(11, resumed)
    end)

    it("begins anew where the unfinished copy is longer than the file", function()
      played.files.a = "text"
      played.instead = function(request)
        return request.target:find "hash=1" and { status = 400 } or nil
      end
      failure(":a", here)
      local part = core.entries(here)[1]
      assert.matches("^a%.%x+%.part$", part)
      write(part, "a longer text")
      played.instead = nil
      vm:copy(":a", here)
      assert.equal("text", read "a")
      assert.same({ "a" }, core.entries(here))
    end)

    it("leaves no empty file where a link leads nowhere", function()
      played.files.link = "nowhere"
      played.instead = function(_, path) return path:find "^/files/" and { status = 404 } or nil end
      assert.equal("FileNotFound", failure(":link", here).code)
      assert.same({}, core.entries(here))
    end)

    it("replaces no device and no directory", function()
      played.files.a = "text"
      assert.is_true((os.execute(("mkfifo '%s/pipe' && mkdir -p '%s/dir/a'"):format(here, here))))
      assert.matches("pipe: it is there, and is no file", failure(":a", here .. "/pipe").message)
      assert.matches("dir/a: it is there, and is no file", failure(":a", here .. "/dir").message)
      assert.same({ "other", "directory" },
        { core.status(here .. "/pipe"), (core.status(here .. "/dir/a")) })
      assert.equal(0, count_of "GET /files/")
    end)

    it("ends where a link leads back to a directory above it", function()
      played.directories["Users/tree"] = true
      played.files["Users/tree/a"] = "1"
      local item = { name = "tree", type = "directory", last_modified = "2026-11-28T09:00:00.123Z" }
      played.instead = function(request)
        if not request.target:find "content=1" then return nil end
        return { status = 200, body = json.encode { type = "directory", content = { item } } }
      end
      local err = failure(":Users", here)
      assert.same({ "TooDeep", "ci-ann:Users/tree leads back to a directory above it" },
        { err.code, err.message })
      assert.same({}, core.entries(here))
    end)

    it("refuses a place that is not there, and a missing file", function()
      played.files.a = "x"
      assert.equal("FileNotFound", failure(":nothing", here).code)
      assert.matches("no such directory", failure(":a", here .. "/no/a").message)
      assert.matches("no such directory", failure(":a", here .. "/no/").message)
      assert.matches("is a file, and", failure(":Users", write("file", "x")).message)
    end)
  end)

  it("lists each file that failed by its name", function()
    played.directories.d = true
    played.files["d/a"], played.files["d/b"], played.files["d/c"] = "1", "2", "3"
    played.instead = function(_, path)
      return path == "/files/d/b" and { status = 400 } or nil
    end
    local err = failure(":d", here)
    assert.equal("SomeFailed", err.code)
    assert.matches("d/b", tostring(err))
    assert.same({ "1", "3" }, { read "d/a", read "d/c" })
  end)

  it("stops in one sentence of all files when the instance stops in the middle", function()
    os.execute(("mkdir '%s/many'"):format(here))
    for i = 1, 40 do write("many/" .. i, "x") end
    local writes = 0
    played.instead = function(request)
      if request.method ~= "PUT" or request.body:find "directory" then return nil end
      writes = writes + 1
      if writes <= 5 then return nil end
      played.state = "Stopping"
      return { status = 502 }
    end
    local err = failure(here .. "/many", ":Users")
    assert.same({ "NotRunning",
      "'ci-ann' is Stopping now: it no longer runs (5 of 40 files were copied)" },
      { err.code, err.message })
    assert.is_true(writes < 12)
  end)

  it("stops in one sentence when the instance stops in the middle", function()
    local chunks = 0
    played.instead = function(request)
      if request.method ~= "PUT" then return nil end
      chunks = chunks + 1
      if chunks < 3 then return nil end
      played.state = "Stopping"
      return { status = 502 }
    end
    local err = failure(write("large", bytes_of(4 * MIB)), ":large")
    assert.equal("'ci-ann' is Stopping now: it no longer runs", err.message)
  end)

  it("ends with its time limit", function()
    played.instead = function() return {} end      -- never answered
    local ok, err = pcall(vm.copy, vm, ":a", here, { timeout = 0.05 })
    assert.same({ false, "Timeout" }, { ok, err.code })
    assert.matches("^the copy was not done within 0%.%d+ s$", err.message)
    assert.matches("goes on where it broke off", err.hint)
    assert.error_matches(function() vm:copy(":a", here, { timeout = -1 }) end,
      "copy: timeout must be")
  end)

  it("refuses options without effect, and two paths of one side", function()
    for _, row in ipairs {
      { ":a", here, { key = "x" }, "needs SSH" }, { ":a", here, { preserve = true }, "needs SSH" },
      { ":a", here, { over = "ftp" }, "'ssh' or 'jupyter'" }, { ":a", ":b", {}, "one of the two" },
      { "a", "b", {}, "one of the two" },
      { ":a", here, { over = "ssh", on_progress = print }, "needs Jupyter" },
    } do
      local err = failure(row[1], row[2], row[3])
      assert.equal("InvalidArgument", err.code)
      assert.matches(row[4], err.message)
    end
    assert.error_matches(function() vm:copy("", ":a") end, "#1 to 'copy' %(a path expected")
    assert.error_matches(function() vm:copy() end, "#1 to 'copy' %(a path expected")
    assert.error_matches(function() vm:copy "a" end, "#2 to 'copy' %(a path expected")
    assert.error_matches(function() vm:copy("a", ":b", { recursive = true }) end, "recursive")
  end)
end)
