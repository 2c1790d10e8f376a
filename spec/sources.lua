-- Read the project's own sources, to check that what the documentation lists is complete.
local sources = {}

--- Return the text of all files below folders whose names fit a pattern.
---@param pattern string        of find's -name: "*.lua"
---@param ... string            folders
---@return string
function sources.text(pattern, ...)
  local command = ("find %s -name '%s' -exec cat {} +"):format(table.concat({ ... }, " "), pattern)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

return sources
