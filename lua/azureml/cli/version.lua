--- azureml version: print the versions of azureml, of Lua, and of the libraries that it runs on.
local azureml = require "azureml"
local command = require "azureml.cli.command"
local core = require "azureml.core"
local libraries = require "azureml.tool.libraries"
local screen = require "azureml.console.screen"

local version = {}

local COLUMNS = {
  { title = "Part", key = "name" },
  { title = "Version", key = "version" },
  { title = "From", key = function(row) return row.path or row.missing or "built in" end },
}

-- Collect what both forms print.
local function contents()
  return {
    azureml = azureml.version,
    lua = core.lua_release,
    loop = core.loop,
    libraries = libraries.list(),
  }
end

-- Return the rows of libcurl: TLS and HTTP/2 are those of other libraries.
local function curl_rows(library)
  return {
    library,
    { name = "  TLS", version = library.tls, path = "by libcurl" },
    { name = "  HTTP/2", version = library.nghttp2 and "nghttp2/" .. library.nghttp2,
      path = library.nghttp2 and "by libcurl" or "libcurl was built without it" },
  }
end

local function rows_of(found)
  local rows = {}
  for _, library in ipairs(found.libraries) do
    local more = library.name == "libcurl" and curl_rows(library) or { library }
    table.move(more, 1, #more, #rows + 1, rows)
  end
  rows[#rows + 1] = { name = "event loop", version = found.loop }
  return rows
end

--- Return the text that `azureml --version` prints. The first line is "azureml 0.1.0, Lua 5.4.4".
---@return string      without a trailing newline
function version.text()
  local found = contents()
  local first = ("azureml %s, Lua %s\n"):format(found.azureml, found.lua)
  return first .. screen.table(rows_of(found), COLUMNS)
end

function version.configure(parser)
  command.output_option(parser, "object")
end

function version.run(args)
  local is_text = args.output == "table" and not args.columns and not args.query
  if is_text then return print(version.text()) end
  command.print_object(args, contents())
end

return version
