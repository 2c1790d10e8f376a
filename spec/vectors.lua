--- Fixed vectors for credentials: throw-away keys, certificates and assertions, unpacked into a
--- directory of their own. Every key in the archive is public. The password of whatever is
--- encrypted is vectors.PASSWORD.
local process = require "spec.process"
local world = require "spec.world"

local FIXTURES = "spec/fixtures/credentials/"

local vectors = { PASSWORD = "test-password" }

--- Unpack them; vectors.close takes them away again.
---@return { directory: string, thumbprints: table, other: table }
function vectors.open()
  local directory = process.directory()
  local _, errors, code = process.run {
    "tar", "-xzf", FIXTURES .. "material.tar.gz", "-C", directory,
  }
  assert(code == 0, errors)
  return { directory = directory, thumbprints = world.json_file(FIXTURES .. "thumbprints.json") }
end

--- What is not in a file of its own: challenges, encodings, names.
function vectors.other()
  return world.json_file(FIXTURES .. "vectors.json")
end

--- A file of theirs, whole.
---@return string
function vectors.read(open, name)
  local file <close> = assert(io.open(open.directory .. "/" .. name, "rb"))
  return file:read "a"
end

function vectors.close(open)
  process.remove(open.directory)
end

return vectors
