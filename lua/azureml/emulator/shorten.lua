--- Cut a text that came with a request before a message repeats it: to whole characters, so that
--- the answer stays UTF-8.

--- Return at most so many bytes of a text.
---@param text string      UTF-8
---@param most integer?    bytes; 60
---@return string
return function(text, most)
  most = most or 60
  if #text <= most then return text end
  return text:sub(1, utf8.offset(text, 0, most + 1) - 1)
end
