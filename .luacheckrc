std = "lua54"
max_line_length = 140
self = false      -- a method need not look at its object
files["spec"] = { std = "+busted" }
