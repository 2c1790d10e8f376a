--- The commands ls, rm, cp over Jupyter and sessions.
local command = require "azureml.cli.command"
local core = require "azureml.core"
local json = require "azureml.json"
local notebook_server = require "spec.notebook_server"
local process = require "spec.process"
local run = require "spec.command_line"
local world = require "spec.world"

describe("the commands for the Jupyter of an instance", function()
  local played, own_workspace, own_width, own_read, here

  before_each(function()
    core.clock "virtual"
    played, here = notebook_server.open(), process.directory()
    played.directories.Users = true
    played.files["Users/b.txt"], played.files["Users/a.txt"] = ("b"):rep(2048), "a"
    own_workspace, own_width, own_read = command.workspace, core.terminal_width, io.read
    command.workspace = function() return played.workspace end
  end)
  after_each(function()
    command.workspace, core.terminal_width = own_workspace, own_width
    io.read = own_read      -- luacheck: ignore
    process.remove(here)
    world.finish(played)
  end)

  -- Let the user sit at a terminal and answer.
  local function answering(answer)
    core.terminal_width = function() return 80, 24 end
    io.read = function() return answer end      -- luacheck: ignore
  end

  describe("ls", function()
    it("lists a directory, in each format", function()
      local output, errors, code = run("ls", "ci-ann:")
      assert.same({ "Name    Size  Modified\nUsers/     -  2026-11-28T08:00:00.000000Z\n", "", 0 },
        { output, errors, code })
      output = run("ls", "ci-ann:Users/", "-o", "csv", "--columns", "name,size")
      assert.equal("name,size\na.txt,1\nb.txt,2048\n", output)
      assert.matches("\nb%.txt +2%.0 KiB ", (run("ls", "ci-ann:~/cloudfiles/code/Users")))
    end)

    it("shows a file alone", function()
      local list = json.decode((run("ls", "ci-ann:Users/a.txt", "-o", "json")))
      assert.same({ { name = "a.txt", path = "Users/a.txt", kind = "file", size = 1,
        modified = "2026-11-28T08:00:00.000000Z", is_writable = true } }, list)
    end)

    it("prints no escape sequence of a name, in no format", function()
      played.files["Users/e\27]0;title\7\u{9b}31m\u{202e}x"] = "x"
      for _, format in ipairs { "table", "json", "jsonl", "yaml", "csv", "tsv" } do
        local output = run("ls", "ci-ann:Users", "-o", format)
        assert.matches("title", output)
        assert.is_nil(output:find "[\27\7]", format)
        assert.is_nil(output:find("\u{9b}", 1, true), format)
        assert.is_nil(output:find("\u{202e}", 1, true), format)
      end
    end)

    it("names 'azureml list' for an instance, and says what is missing", function()
      local _, errors, code = run("ls", "ci-ann")
      assert.equal(2, code)
      assert.matches("'ci%-ann' names no file of an instance", errors)
      assert.matches("'azureml list' lists the instances", errors)
      _, errors, code = run("ls", "ci-ann:nothing")
      assert.equal(3, code)
      assert.matches("there is no 'nothing' on 'ci%-ann'", errors)
    end)

    it("starts a stopped instance with --start, or when the user says yes", function()
      played.state = "Stopped"
      local _, errors, code = run("ls", "ci-ann:")
      assert.equal(1, code)
      assert.matches("is Stopped: its Jupyter needs a running instance", errors)
      assert.equal(0, select(3, run("ls", "ci-ann:", "--start")))
      played.state = "Stopped"
      answering "n"
      assert.equal(1, select(3, run("ls", "ci-ann:")))
      assert.same({ "start" }, played.verbs)
    end)
  end)

  describe("rm", function()
    it("removes files after a yes, or with --yes", function()
      local _, errors, code = run("rm", "ci-ann:Users/a.txt")
      assert.equal(2, code)
      assert.matches("add %-%-yes", errors)
      answering "n"
      assert.equal(1, select(3, run("rm", "ci-ann:Users/a.txt")))
      assert.equal("a", played.files["Users/a.txt"])
      answering "y"
      _, errors, code = run("rm", "ci-ann:Users/a.txt")
      assert.same({ "Remove ci-ann:Users/a.txt? [y/N] ", 0 }, { errors, code })
      assert.is_nil(played.files["Users/a.txt"])
    end)

    it("removes directories with -r only", function()
      local _, errors, code = run("rm", "-y", "ci-ann:Users")
      assert.equal(1, code)
      assert.matches("directory with 2 items", errors)
      assert.equal(0, select(3, run("rm", "-y", "-r", "ci-ann:Users")))
      assert.same({}, played.files)
    end)

    it("goes on with the others when one fails, and fails", function()
      local _, errors, code = run("rm", "-y", "ci-ann:no", "ci-ann:Users/b.txt", "ci-ann:nor")
      assert.equal(1, code)
      assert.matches("there is no 'no'.*there is no 'nor'", errors)
      assert.is_nil(played.files["Users/b.txt"])
    end)

    it("removes nothing when an instance is not there or does not run", function()
      local _, errors, code = run("rm", "-y", "ci-ann:Users/b.txt", "ci-no:x")
      played.state = "Stopped"
      assert.equal(3, code)
      assert.matches("cannot get ci%-no", errors)
      _, errors, code = run("rm", "-y", "ci-ann:Users/b.txt", "ci-ann:Users/a.txt")
      assert.equal(1, code)
      assert.equal(1, select(2, errors:gsub("is Stopped", "")))
      assert.same({ 2048, "a" }, { #played.files["Users/b.txt"], played.files["Users/a.txt"] })
    end)

    it("never deletes an instance", function()
      for _, words in ipairs { { "ci-ann" }, { "-y", "ci-ann" }, { "ci-ann:x", "ci-ann" } } do
        local _, errors, code = run("rm", table.unpack(words))
        assert.equal(2, code)
        assert.matches("'azureml delete ci%-ann' deletes an instance", errors)
      end
      local _, errors, code = run("rm", "-yr", "ci-ann:")
      assert.equal(2, code)
      assert.matches("the root of the files", errors)
      assert.same({}, played.verbs)
    end)
  end)

  describe("cp", function()
    it("copies over Jupyter where SSH is off, and sums up", function()
      process.write(here .. "/x", "text")
      local output, errors, code = run("cp", here .. "/x", "ci-ann:Users/")
      assert.same({ "", 0, "text" }, { output, code, played.files["Users/x"] })
      assert.matches("^1 file, 4 B in [%d.]+ s", errors)
      code = select(3, run("cp", "--progress", "quiet", "ci-ann:Users/b.txt", here))
      assert.equal(0, code)
      assert.equal(2048, select(2, core.status(here .. "/b.txt")))
    end)

    it("names what it leaves out, and what needs SSH", function()
      os.execute(("mkdir '%s/d'; echo x >'%s/d/.env'"):format(here, here))
      local _, errors = run("cp", here .. "/d", "ci-ann:")
      assert.matches("left out 1, which Jupyter does not copy: [^\n]*/d/%.env\n", errors)
      process.write(here .. "/d/e\27[31m", "x")
      _, errors = run("cp", here .. "/d", "ci-ann:")
      assert.matches("/d/e\u{FFFD}%[31m\n", errors)
      assert.is_nil(errors:find "\27")
      local code
      _, errors, code = run("cp", "-p", "ci-ann:Users/a.txt", here)
      assert.equal(2, code)
      assert.matches("'preserve' needs SSH", errors)
      _, errors, code = run("cp", "--over", "ssh", "ci-ann:Users/a.txt", here)
      assert.equal(1, code)
      assert.matches("SSH is off on 'ci%-ann'", errors)
    end)

    it("refuses two instances, a path with a line break, and a device", function()
      local _, errors, code = run("cp", "ci-ann:a", "ci-bob:b")
      assert.equal(2, code)
      assert.matches("only one of the two may be NAME:PATH on an instance", errors)
      _, errors, code = run("cp", "a\nb", "ci-ann:")
      assert.equal(2, code)
      assert.matches("^azureml: copy: the path 'a b' has a line break", errors)
      _, errors, code = run("cp", "ci-ann:Users/a.txt", "/dev/null")
      assert.equal(1, code)
      assert.matches("/dev/null: it is there, and is no file", errors)
      assert.equal("other", (core.status "/dev/null"))
    end)

    it("reports progress as lines of JSON", function()
      local _, errors = run("cp", "--progress", "json", "ci-ann:Users/b.txt", here)
      local last = errors:match '({"bytes":2048[^\n]+)'
      assert.same({ bytes = 2048, total = 2048, files = 1, name = "b.txt" }, json.decode(last))
    end)
  end)

  describe("sessions", function()
    before_each(function()
      played.terminals = { { name = "1", last_activity = "2026-11-28T09:00:00Z" } }
      played.kernels = { { id = "k", name = "python3", execution_state = "busy", connections = 2,
        last_activity = "2026-11-28T08:00:00Z" } }
      played.sessions = { { id = "s", path = "Users/e\27[31m.ipynb", name = "", type = "notebook",
        kernel = played.kernels[1] } }
    end)

    it("lists what is open", function()
      local output, errors, code = run("sessions", "ci-ann")
      assert.same({ "", 0 }, { errors, code })
      assert.matches("\nnotebook +e\u{FFFD}%[31m%.ipynb +busy +python3 +2 ", output)
      assert.matches("\nterminal +1 +3 h ", output)
      local list = json.decode((run("sessions", "ci-ann", "-o", "json")))
      assert.same({ "notebook", "k", "terminal", 10800 },
        { list[1].kind, played.kernels[1].id, list[2].kind, list[2].idle })
    end)

    it("stops what was idle, and tells what with --dry-run", function()
      local output = run("sessions", "ci-ann", "--stop-idle", "2h", "--dry-run", "-o", "tsv",
        "--columns", "outcome,name")
      assert.equal("planned\t1\n", output)
      assert.equal(1, #played.terminals)
      output = run("sessions", "ci-ann", "--stop-idle", "2h", "-o", "tsv",
        "--columns", "outcome,name")
      assert.equal("stopped\t1\n", output)
      assert.same({ 0, 1 }, { #played.terminals, #played.kernels })
    end)

    it("fails when one cannot be stopped", function()
      played.instead = function(request)
        return request.method == "DELETE" and { status = 500 } or nil
      end
      local output, errors, code = run("sessions", "ci-ann", "--stop-idle", "2h")
      assert.equal(1, code)
      assert.matches("\nfailed +terminal", output)
      assert.matches("cannot stop the terminal 1", errors)
    end)

    it("checks its options", function()
      assert.equal(2, select(3, run("sessions", "ci-ann", "--stop-idle", "soon")))
      assert.equal(2, select(3, run("sessions", "ci-ann", "--dry-run")))
    end)
  end)
end)
