--- An instance whose commands run on this machine, in a home of their own: a program in place of
--- ssh runs them here. Its Jupyter lists the kernels that a spec gives it.
local process = require "spec.process"
local surroundings = require "spec.surroundings"

local Local = {}
Local.__index = Local

--- Add a program to the instance's PATH. $HOME is its home; what it gets is in the file NAME.runs,
--- a line for each run and a tab behind each word.
---@param name string
---@param script string?      of sh, after its words are written down
function Local:program(name, script)
  local text = '#!/bin/sh\n{ printf "%%s\\t" "$@"; echo; } >>"$HOME/%s.runs"\n%s\n'
  process.write(("%s/bin/%s"):format(self.home, name), text:format(name, script or ""), "755")
end

--- Write a file below the home.
function Local:write(path, text, mode)
  os.execute(("mkdir -p '%s/%s'"):format(self.home, path:match "^(.*)/" or ""))
  process.write(self.home .. "/" .. path, text, mode)
end

--- Return the words of each run of a program.
---@return string[][]
function Local:runs(name)
  local all, file = {}, io.open(("%s/%s.runs"):format(self.home, name))
  if not file then return all end
  for line in file:lines() do
    local words = {}
    for word in line:gmatch "([^\t]*)\t" do words[#words + 1] = word end
    all[#all + 1] = words
  end
  file:close()
  return all
end

function Local:close()
  self.variables:close()
  process.remove(self.home)
end

Local.__close = Local.close

--- Make the instance.
---@return table      with vm, home and kernels (kernelspecs by name); ends with its scope
return function()
  local home = process.directory()
  os.execute(("mkdir '%s/bin'"):format(home))
  local self = setmetatable({ home = home, kernels = {} }, Local)
  self.variables = surroundings {
    HOME = home, XDG_STATE_HOME = false, SSH_AUTH_SOCK = "/agent", CONDA_EXE = false,
    JUPYTER_DATA_DIR = false, PATH = home .. "/bin:/usr/bin:/bin",
  }
  process.write(home .. "/bin/ssh", '#!/bin/sh\nfor last; do :; done; exec sh -c "$last"\n', "755")
  local server = {}
  self.vm = {
    name = "ci-ann", id = "/x", state = "Running", public_ip_address = "20.1.2.3",
    ssh = { enabled = true, user = "azureuser", host = "20.1.2.3", port = 50000 },
    jupyter = { server = server },
  }
  function server.request()
    return { json = { default = "python3", kernelspecs = self.kernels } }
  end
  server.vm = self.vm
  return self
end
