--- Keep the key of an emulator that gives a shell. Every call to its control endpoint needs the
--- key; only its own user can read the file.
local core = require "azureml.core"
local state_directory = require "azureml.state_directory"

local key_file = {}

--- The header in which a request carries the key.
key_file.header = "X-Emulator-Key"

-- Return the directory and the name of the file for an emulator's URL.
local function place_of(url)
  local directory = state_directory "emulators"
  return directory, (url:gsub("^%a+://", ""):gsub("[^%w.]", "-")) .. ".key"
end

--- Write the key. Return the file's path; nil if it cannot be kept: then it is only printed.
---@param url string
---@param key string
---@return string?
function key_file.write(url, key)
  local directory, name = place_of(url)
  if not directory or not core.write_private(directory, name, key .. "\n") then return nil end
  return directory .. "/" .. name
end

--- Return the key for an emulator's URL, from AZUREML_EMULATOR_KEY or from the file; nil if there
--- is none.
---@param url string
---@return string?
function key_file.read(url)
  local given = os.getenv "AZUREML_EMULATOR_KEY"
  if given and given ~= "" then return given end
  local directory, name = place_of(url)
  local text = directory and core.is_loopback(url) and core.read_trusted(directory .. "/" .. name)
  return text and text:match "^(%S+)%s*$" or nil
end

--- Return the headers for a request to an emulator's control endpoint.
---@param url string
---@return table<string, string>?
function key_file.headers(url)
  local key = key_file.read(url)
  return key and { [key_file.header] = key } or nil
end

return key_file
