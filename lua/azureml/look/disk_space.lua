--- Say when a disk of an instance is nearly full, and which commands free space on it. The service
--- refuses to stop an instance whose disk is full.
--- Source: spec/contract/compute-rest.md, sections 3.5, 6 and 8.2.
local command_line = require "azureml.ssh.command_line"

local disk_space = {}

--- The share of a disk, in percent, from which on it counts as nearly full.
disk_space.NEARLY_FULL = 90

local LARGE = "see what is large: df -h %s; sudo du -xh --max-depth=2 %s | sort -h | tail"

local SYSTEM_DISK = {
  LARGE:format("/", "~"),
  "in a shell there ('azureml terminal' opens one): conda clean --all --yes; pip cache purge; "
    .. "docker system prune --all --force; rm -rf ~/.local/share/Trash/*; "
    .. "sudo apt-get clean; sudo journalctl --vacuum-size=100M",
  "keep data in ~/cloudfiles or below /mnt: the disk has 120 GB",
}

local PLAIN = "^[%w/._-]+$"

--- Return what to do about a disk that is full or nearly full: the commands that show what is
--- large, and those that free space.
---@param mount? string      where the disk is mounted; default: "/", the system's disk
---@return string[]
function disk_space.steps(mount)
  if mount == nil or mount == "/" then return SYSTEM_DISK end
  local word = mount:find(PLAIN) and mount or command_line.quoted(mount)
  return {
    LARGE:format(word, word),
    ("remove there what you no longer need, such as old outputs and checkpoints: rm -r %s/...")
      :format(word),
  }
end

return disk_space
