--- Write a number of things: "1 instance", "2 instances".
local count = {}

--- Return a number with what it counts.
---@param number number
---@param noun string       the singular, of which the plural has an "s": "instance"
---@return string
---@usage count.of(#list, "instance")
function count.of(number, noun)
  return ("%.14g %s%s"):format(number, noun, number == 1 and "" or "s")
end

return count
