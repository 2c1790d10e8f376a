--- Open pages in the user's browser.
local core = require "azureml.core"

local browser = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Tell whether the user has a display on this machine that could show a browser.
---@return boolean
function browser.has_display()
  local is_here = variable "SSH_CONNECTION" == nil
  return is_here and (variable "DISPLAY" or variable "WAYLAND_DISPLAY") ~= nil
end

--- Tell whether a browser can be opened: there is a display, or BROWSER names a program.
---@return boolean
function browser.is_possible()
  return variable "BROWSER" ~= nil or browser.has_display()
end

--- Open a page with the first program of BROWSER, or else with xdg-open.
---@param url string
---@return boolean      true: the program was started; it does not report whether the page appeared
function browser.open(url)
  local program = (variable "BROWSER" or ""):match "^[^:]+" or "xdg-open"
  return core.launch(program, url) == true
end

return browser
