--- The certificate authority behind `--tls`: made on first use, in a directory of ours, and good for the names of this machine alone,
--- whoever gets hold of its key. One that may vouch for Azure's names too is another, in files of its own, made only when asked for.
local core = require "azureml.core"
local errors = require "azureml.error"
local state_directory = require "azureml.state_directory"

local certificate_authority = {}

local YEARS, SERVER_DAYS, LEAST_DAYS = 10, 397, 30

local CERTIFICATE = "^%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-[^-]+%-%-%-%-%-END CERTIFICATE%-%-%-%-%-\n"

local LOOPBACK = { "DNS:localhost", "IP:127.0.0.1", "IP:::1" }

local PERMITTED = {
  "DNS:localhost", "IP:127.0.0.0/255.0.0.0", "IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
}

local AZURE = {
  "DNS:management.azure.com", "DNS:management.core.windows.net", "DNS:login.microsoftonline.com", "DNS:login.windows.net",
  "DNS:login.microsoft.com", "DNS:sts.windows.net",
}

local KINDS = {
  loopback = { file = "ca", subject = "azureml emulator: authority for loopback names", names = LOOPBACK, permitted = PERMITTED },
  azure = {
    file = "ca-azure", subject = "azureml emulator: authority for loopback and Azure's names",
    names = table.move(AZURE, 1, #AZURE, #LOOPBACK + 1, { table.unpack(LOOPBACK) }),
    permitted = table.move(AZURE, 1, #AZURE, #PERMITTED + 1, { table.unpack(PERMITTED) }),
  },
}

--- Where they are kept; nil without a home.
---@return string?
function certificate_authority.directory()
  return state_directory "emulator"
end

local TRUSTED = "trusted.pem"

--- What azureml itself trusts where it speaks to an emulator on this machine: all of these authorities. Nil where there are none.
---@return string? path
function certificate_authority.trusted()
  local directory = certificate_authority.directory()
  local path = directory and directory .. "/" .. TRUSTED
  return path and core.read_trusted(path) and path or nil
end

local function fail(path, why, hint)
  errors.raise { code = "AuthorityFailed", message = ("the emulator's certificate authority, %s, cannot be used: %s"):format(path, why),
    hint = hint }
end

local function make(kind)
  local certificate, key = core.certificate.authority(kind.subject, kind.permitted, YEARS * 366)
  if not certificate then fail("a new one", key) end
  return certificate .. key
end

-- Certificate and key in one text: a file that is there whole, or not at all. Of several processes one makes it.
local function obtain(directory, kind)
  local name = kind.file .. ".key"
  local path = directory .. "/" .. name
  for _ = 1, 2 do
    local text, why = core.read_trusted(path)
    if text and core.certificate.fault(text, text, LEAST_DAYS) ~= "it expires" then return text, path end
    if why then fail(path, why) end
    local made, made_why, is_there = core.write_private(directory, name, make(kind), text == nil)
    if not made and not is_there then fail(directory, made_why, "XDG_STATE_HOME names another place") end
  end
  fail(path, "it comes and goes")
end

-- The certificates alone, for clients: of this authority, and of all that there are.
local function publish(directory, kind, text)
  local function write(name, new)
    if core.read_trusted(directory .. "/" .. name) == new then return end
    local ok, why = core.write_private(directory, name, new)
    if not ok then fail(directory, why) end
  end
  write(kind.file .. ".pem", text:match(CERTIFICATE))
  local all = {}
  for _, name in ipairs { "loopback", "azure" } do all[#all + 1] = core.read_trusted(("%s/%s.pem"):format(directory, KINDS[name].file)) end
  write(TRUSTED, table.concat(all))
  return ("%s/%s.pem"):format(directory, kind.file)
end

--- A server's certificate and key, signed by the authority, which is made where there is none.
---@param azure_names boolean?      also for the names of Azure's own endpoints
---@return { certificate: string, key: string, ca_file: string }      PEM texts, and the path of what clients are to trust
---@raise an error object `AuthorityFailed` where there is no place for it, or its file is damaged
function certificate_authority.issue(azure_names)
  local kind, directory = KINDS[azure_names and "azure" or "loopback"], certificate_authority.directory()
  if not directory then fail("in a directory of yours", "neither XDG_STATE_HOME nor HOME says where") end
  local text, path = obtain(directory, kind)
  local fault = not text:find(CERTIFICATE) and "it holds no certificate" or core.certificate.fault(text, text, 0)
  if fault then fail(path, fault, "take the file away, and another is made") end
  local certificate, key = core.certificate.server(text, text, "localhost", kind.names, SERVER_DAYS)
  if not certificate then fail(path, key) end
  return { certificate = certificate, key = key, ca_file = publish(directory, kind, text) }
end

return certificate_authority
