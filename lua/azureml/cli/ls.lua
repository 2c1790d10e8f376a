--- azureml ls: list the files of an instance, by its Jupyter.
local command = require "azureml.cli.command"
local remote = require "azureml.cli.remote"
local screen = require "azureml.console.screen"

local ls = {}

function ls.configure(parser)
  parser:argument("path", "a directory or a file on an instance; NAME: is the top of its files")
    :argname "NAME:PATH"
  remote.options(parser)
  command.output_option(parser)
  command.check(parser, function(args)
    remote.check({ args.path }, "'azureml list' lists the instances")
  end)
  parser:epilog("Paths are relative to Jupyter's root, the workspace's files that the instance "
    .. "mounts at ~/cloudfiles/code. Jupyter shows no hidden files.")
end

local function shown_name(entry)
  return entry.kind == "directory" and entry.name .. "/" or entry.name
end

local function shown_size(entry)
  return entry.size and screen.bytes(entry.size) or nil
end

local COLUMNS = {
  { title = "Name", key = shown_name, field = "name" },
  { title = "Size", key = shown_size, field = "size" },
  { title = "Modified", key = "modified" },
}

local FIELDS = {
  name = true, path = true, kind = true, size = true, modified = true, is_writable = true,
}

local function record_of(entry)
  local record = {}
  for name in pairs(FIELDS) do record[name] = entry[name] end
  return record
end

function ls.run(args)
  local name, path = remote.split(args.path)
  local vm = remote.prepare(args, command.workspace(args).instances:get(name))
  local entry = vm.jupyter:contents(path)
  command.print_list(args, entry.items or { entry }, COLUMNS, record_of, FIELDS)
end

return ls
