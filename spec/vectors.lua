--- Unpack fixed vectors for credentials: throw-away keys, certificates and assertions, in their own
--- directory. Every key in the archive is public. The password of the encrypted keys is
--- vectors.PASSWORD.
local process = require "spec.process"
local world = require "spec.world"

local FIXTURES = "spec/fixtures/credentials/"

local vectors = { PASSWORD = "test-password" }

--- Unpack the vectors; vectors.close removes them.
---@return { directory: string, thumbprints: table, other: table }
function vectors.open()
  local directory = process.directory()
  local _, errors, code = process.run {
    "tar", "-xzf", FIXTURES .. "material.tar.gz", "-C", directory,
  }
  assert(code == 0, errors)
  return { directory = directory, thumbprints = world.json_file(FIXTURES .. "thumbprints.json") }
end

--- The vectors without their own files: challenges, encodings, names.
function vectors.other()
  return world.json_file(FIXTURES .. "vectors.json")
end

--- Read a file of the vectors.
---@return string
function vectors.read(open, name)
  local file <close> = assert(io.open(open.directory .. "/" .. name, "rb"))
  return file:read "a"
end

function vectors.close(open)
  process.remove(open.directory)
end

return vectors
