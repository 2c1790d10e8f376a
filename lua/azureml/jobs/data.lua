--- The inputs and outputs of a job: values that stand in its command, and data by its address.
--- Source: spec/contract/compute-rest.md, section 13.
local options = require "azureml.options"
local resource = require "azureml.resource"
local tables = require "azureml.tool.tables"

local data = {}

local INPUT_MODES = {
  ro_mount = "ReadOnlyMount", rw_mount = "ReadWriteMount", download = "Download", direct = "Direct",
  eval_mount = "EvalMount", eval_download = "EvalDownload",
}
local OUTPUT_MODES = { rw_mount = "ReadWriteMount", upload = "Upload", direct = "Direct" }

local TYPES = {
  uri_file = true, uri_folder = true, mltable = true, mlflow_model = true, triton_model = true,
  custom_model = true,
}
-- Types of values, as files of az have them.
local LITERALS = { string = true, number = true, integer = true, boolean = true }

local MEMBERS = {
  type = "string", path = "string", mode = "string", description = "string", value = "any",
}
local OUTPUT_MEMBERS = {
  type = "string", path = "string", mode = "string", description = "string", name = "string",
  version = "any",
}

local function names_of(set)
  return table.concat(tables.keys(set), ", ")
end

local function is_literal(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean"
end

local function fault_of_mode(place, mode, modes)
  if mode == nil or modes[mode] then return nil end
  return ("%s: the mode is one of %s, not '%s'"):format(place, names_of(modes), mode)
end

-- Tell whether a path leads to the cloud. A path of this machine would have to be uploaded.
local function is_address(path)
  return path:find "^%a[%w+.-]+:." ~= nil or path:lower():find "^/subscriptions/" ~= nil
end

local function fault_of_path(place, path)
  if path == nil or is_address(path) then return nil end
  return ("%s: '%s' is a path of this machine, which is not uploaded here: give an address such as "
    .. "azureml:NAME:VERSION or azureml://datastores/NAME/paths/PATH"):format(place, path)
end

local function fault_of_input(place, value)
  if is_literal(value) then return nil end
  local fault = options.fault_of(place, value, MEMBERS)
  if fault then return fault end
  local kind = value.type or "uri_folder"
  if LITERALS[kind] or value.value ~= nil then
    if is_literal(value.value) and not value.path then return nil end
    return ("%s: a value of type %s has its value in 'value'"):format(place, kind)
  end
  if not TYPES[kind] then
    return ("%s: the type is one of %s, not '%s'"):format(place, names_of(TYPES), kind)
  end
  if not value.path then return place .. ": it needs option 'path'" end
  return fault_of_path(place, value.path) or fault_of_mode(place, value.mode, INPUT_MODES)
end

local function fault_of_output(place, value)
  local fault = options.fault_of(place, value, OUTPUT_MEMBERS)
  if fault then return fault end
  local kind = value.type or "uri_folder"
  if not TYPES[kind] then
    return ("%s: the type is one of %s, not '%s'"):format(place, names_of(TYPES), kind)
  end
  return fault_of_path(place, value.path) or fault_of_mode(place, value.mode, OUTPUT_MODES)
end

local function fault_of(what, map, fault_of_item)
  if type(map) ~= "table" then
    return ("%s: a table by name expected, got %s"):format(what, type(map))
  end
  for _, name in ipairs(tables.keys(map, function(a, b) return tostring(a) < tostring(b) end)) do
    local place = ("%s.%s"):format(what, tostring(name))
    if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
      return ("%s: a name has letters, digits and '_', and begins with no digit"):format(place)
    end
    local fault = fault_of_item(place, map[name])
    if fault then return fault end
  end
end

--- Return what is wrong with the inputs that a caller wants; nil: nothing.
---@param inputs any
---@return string?
function data.fault_of_inputs(inputs)
  return fault_of("inputs", inputs, fault_of_input)
end

--- Return what is wrong with the outputs that a caller wants; nil: nothing.
---@param outputs any
---@return string?
function data.fault_of_outputs(outputs)
  return fault_of("outputs", outputs, fault_of_output)
end

-- Return the address of data as the service takes it: "azureml:NAME:VERSION" becomes an ARM id.
local function uri_of(workspace, path)
  local name, version = path:match "^azureml:([%w][%w._-]*):([%w][%w._-]*)$"
  if not name then return path end
  return resource.path(workspace, { path = "data/{name}/versions/{version}" },
    { name = name, version = version })
end

local function write_input(workspace, value)
  if is_literal(value) then return { jobInputType = "literal", value = tostring(value) } end
  if value.value ~= nil then
    return { jobInputType = "literal", value = tostring(value.value),
      description = value.description }
  end
  return {
    jobInputType = value.type or "uri_folder", uri = uri_of(workspace, value.path),
    mode = value.mode and INPUT_MODES[value.mode], description = value.description,
  }
end

local function write_output(_, value)
  return {
    jobOutputType = value.type or "uri_folder", uri = value.path,
    mode = value.mode and OUTPUT_MODES[value.mode], description = value.description,
    assetName = value.name, assetVersion = value.version and tostring(value.version),
  }
end

local function write(workspace, map, write_item)
  if map == nil or next(map) == nil then return nil end
  local written = {}
  for name, value in pairs(map) do written[name] = write_item(workspace, value) end
  return written
end

--- Write inputs as a request has them.
---@param workspace azureml.Workspace
---@param inputs table?      without a fault
---@return table?
function data.write_inputs(workspace, inputs)
  return write(workspace, inputs, write_input)
end

--- Write outputs as a request has them.
---@param workspace azureml.Workspace
---@param outputs table?     without a fault
---@return table?
function data.write_outputs(workspace, outputs)
  return write(workspace, outputs, write_output)
end

return data
