--- Keep the certificate authority behind `--tls`: create it on first use, in the state directory of
--- azureml. It can vouch only for the names of this machine, so a leaked key does no harm to other
--- hosts. A second authority, which may also vouch for Azure's names, has its own files and is
--- created only on request. The cryptography is in csrc/certificate.c.
local core = require "azureml.core"
local errors = require "azureml.error"
local state_directory = require "azureml.state_directory"

local certificate_authority = {}

local YEARS, SERVER_DAYS, LEAST_DAYS = 10, 397, 30

local CERTIFICATE = "^%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-[^-]+"
  .. "%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n"

local LOOPBACK = { "DNS:localhost", "IP:127.0.0.1", "IP:::1" }

local PERMITTED = {
  "DNS:localhost",
  "IP:127.0.0.0/255.0.0.0",
  "IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
}

local AZURE = {
  "DNS:management.azure.com",
  "DNS:management.core.windows.net",
  "DNS:login.microsoftonline.com",
  "DNS:login.windows.net",
  "DNS:login.microsoft.com",
  "DNS:sts.windows.net",
  "DNS:graph.windows.net",
  "DNS:graph.microsoft.com",
  "DNS:*.api.azureml.ms",      -- the data plane of each region
}

-- Return the names that an authority may sign for. A constraint on a name includes all names below
-- it, so it has no wildcard.
local function permitted_by(names)
  local list = {}
  for index, name in ipairs(names) do list[index] = name:gsub("^DNS:%*%.", "DNS:") end
  return table.move(PERMITTED, 1, #PERMITTED, #list + 1, list)
end

-- Return a mark of names for a file: an authority cannot sign for names that came later, so a new
-- list of names needs a new authority.
local function mark_of(names)
  local digest = core.crypto.sha1(table.concat(names, " "))
  return (digest:sub(1, 4):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local KINDS = {
  loopback = {
    file = "ca",
    subject = "azureml emulator: authority for loopback names",
    names = LOOPBACK,
    permitted = PERMITTED,
  },
  azure = {
    file = "ca-azure-" .. mark_of(AZURE),
    subject = "azureml emulator: authority for loopback and Azure's names",
    names = table.move(AZURE, 1, #AZURE, #LOOPBACK + 1, { table.unpack(LOOPBACK) }),
    permitted = permitted_by(AZURE),
  },
}

--- Return the directory of the authorities; nil without a home directory.
---@return string?
function certificate_authority.directory()
  return state_directory "emulator"
end

local TRUSTED = "trusted.pem"

--- Return the file with the certificates of all authorities here, which azureml itself trusts when
--- it speaks to an emulator on this machine; nil if there are no authorities.
---@return string? path
function certificate_authority.trusted()
  local directory = certificate_authority.directory()
  local path = directory and directory .. "/" .. TRUSTED
  return path and core.read_trusted(path) and path or nil
end

local UNUSABLE = "the emulator's certificate authority, %s, cannot be used: %s"

local function fail(path, reason, hint)
  errors.raise { code = "AuthorityFailed", message = UNUSABLE:format(path, reason), hint = hint }
end

local function make(kind)
  local certificate, key = core.certificate.authority(kind.subject, kind.permitted, YEARS * 366)
  if not certificate then fail("a new one", key) end
  return certificate .. key
end

-- Read the authority of a kind, or create it. Certificate and key share a file, which is written
-- atomically. When several processes create it at the same time, one of them succeeds and the
-- others read its file.
local function obtain(directory, kind)
  local name = kind.file .. ".key"
  local path = directory .. "/" .. name
  for _ = 1, 2 do
    local text, unread = core.read_trusted(path)
    local fault = text and core.certificate.fault(text, text, LEAST_DAYS)
    if text and fault ~= "it expires" then return text, path end
    if unread then fail(path, unread) end
    local made, unwritten, is_there = core.write_private(directory, name, make(kind), text == nil)
    if not made and not is_there then
      fail(directory, unwritten, "set XDG_STATE_HOME to another directory")
    end
  end
  fail(path, "other processes create and remove it at the same time")
end

-- Write the certificates without keys, for clients: of this authority, and of all authorities.
local function publish(directory, kind, text)
  local function write(name, new)
    if core.read_trusted(directory .. "/" .. name) == new then return end
    local ok, reason = core.write_private(directory, name, new)
    if not ok then fail(directory, reason) end
  end
  write(kind.file .. ".pem", text:match(CERTIFICATE))
  local all = {}
  for _, name in ipairs { "loopback", "azure" } do
    all[#all + 1] = core.read_trusted(("%s/%s.pem"):format(directory, KINDS[name].file))
  end
  write(TRUSTED, table.concat(all))
  return ("%s/%s.pem"):format(directory, kind.file)
end

local NO_HOME = "neither XDG_STATE_HOME nor HOME is set"

--- Issue a server's certificate and key, signed by the authority. Create the authority if needed.
---@param azure_names boolean?      whether the certificate is also for Azure's own endpoints
---@return { certificate: string, key: string, ca_file: string }
---  PEM texts, and the path of the file that clients have to trust
---@raise an error object `AuthorityFailed` if there is no directory, or the file is damaged
function certificate_authority.issue(azure_names)
  local kind = KINDS[azure_names and "azure" or "loopback"]
  local directory = certificate_authority.directory()
  if not directory then fail("in a directory of yours", NO_HOME) end
  local text, path = obtain(directory, kind)
  local fault = not text:find(CERTIFICATE) and "it holds no certificate"
    or core.certificate.fault(text, text, 0)
  if fault then fail(path, fault, "remove the file: the next start creates a new one") end
  local certificate, key = core.certificate.server(text, text, "localhost", kind.names, SERVER_DAYS)
  if not certificate then fail(path, key) end
  return { certificate = certificate, key = key, ca_file = publish(directory, kind, text) }
end

return certificate_authority
