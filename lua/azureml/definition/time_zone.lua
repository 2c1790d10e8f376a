--- Time zones: the service takes Windows names; most people know the others.
local errors = require "azureml.error"

local time_zone = {}

-- The names that Unicode's table windowsZones gives for the zones most people live in.
local windows = {
  ["Etc/UTC"] = "UTC",
  ["UTC"] = "UTC",
  ["Europe/London"] = "GMT Standard Time",
  ["Europe/Dublin"] = "GMT Standard Time",
  ["Europe/Lisbon"] = "GMT Standard Time",
  ["Europe/Amsterdam"] = "W. Europe Standard Time",
  ["Europe/Berlin"] = "W. Europe Standard Time",
  ["Europe/Rome"] = "W. Europe Standard Time",
  ["Europe/Stockholm"] = "W. Europe Standard Time",
  ["Europe/Vienna"] = "W. Europe Standard Time",
  ["Europe/Zurich"] = "W. Europe Standard Time",
  ["Europe/Oslo"] = "W. Europe Standard Time",
  ["Europe/Brussels"] = "Romance Standard Time",
  ["Europe/Copenhagen"] = "Romance Standard Time",
  ["Europe/Madrid"] = "Romance Standard Time",
  ["Europe/Paris"] = "Romance Standard Time",
  ["Europe/Budapest"] = "Central Europe Standard Time",
  ["Europe/Prague"] = "Central Europe Standard Time",
  ["Europe/Belgrade"] = "Central Europe Standard Time",
  ["Europe/Warsaw"] = "Central European Standard Time",
  ["Europe/Zagreb"] = "Central European Standard Time",
  ["Europe/Athens"] = "GTB Standard Time",
  ["Europe/Bucharest"] = "GTB Standard Time",
  ["Europe/Helsinki"] = "FLE Standard Time",
  ["Europe/Kyiv"] = "FLE Standard Time",
  ["Europe/Sofia"] = "FLE Standard Time",
  ["Europe/Istanbul"] = "Turkey Standard Time",
  ["Europe/Moscow"] = "Russian Standard Time",
  ["Africa/Cairo"] = "Egypt Standard Time",
  ["Africa/Johannesburg"] = "South Africa Standard Time",
  ["Africa/Lagos"] = "W. Central Africa Standard Time",
  ["Africa/Nairobi"] = "E. Africa Standard Time",
  ["America/Anchorage"] = "Alaskan Standard Time",
  ["America/Argentina/Buenos_Aires"] = "Argentina Standard Time",
  ["America/Bogota"] = "SA Pacific Standard Time",
  ["America/Chicago"] = "Central Standard Time",
  ["America/Denver"] = "Mountain Standard Time",
  ["America/Halifax"] = "Atlantic Standard Time",
  ["America/Los_Angeles"] = "Pacific Standard Time",
  ["America/Mexico_City"] = "Central Standard Time (Mexico)",
  ["America/New_York"] = "Eastern Standard Time",
  ["America/Phoenix"] = "US Mountain Standard Time",
  ["America/Santiago"] = "Pacific SA Standard Time",
  ["America/Sao_Paulo"] = "E. South America Standard Time",
  ["America/St_Johns"] = "Newfoundland Standard Time",
  ["America/Toronto"] = "Eastern Standard Time",
  ["America/Vancouver"] = "Pacific Standard Time",
  ["Asia/Bangkok"] = "SE Asia Standard Time",
  ["Asia/Dhaka"] = "Bangladesh Standard Time",
  ["Asia/Dubai"] = "Arabian Standard Time",
  ["Asia/Hong_Kong"] = "China Standard Time",
  ["Asia/Jakarta"] = "SE Asia Standard Time",
  ["Asia/Jerusalem"] = "Israel Standard Time",
  ["Asia/Karachi"] = "Pakistan Standard Time",
  ["Asia/Kathmandu"] = "Nepal Standard Time",
  ["Asia/Kolkata"] = "India Standard Time",
  ["Asia/Manila"] = "Singapore Standard Time",
  ["Asia/Riyadh"] = "Arab Standard Time",
  ["Asia/Seoul"] = "Korea Standard Time",
  ["Asia/Shanghai"] = "China Standard Time",
  ["Asia/Singapore"] = "Singapore Standard Time",
  ["Asia/Taipei"] = "Taipei Standard Time",
  ["Asia/Tehran"] = "Iran Standard Time",
  ["Asia/Tokyo"] = "Tokyo Standard Time",
  ["Australia/Adelaide"] = "Cen. Australia Standard Time",
  ["Australia/Brisbane"] = "E. Australia Standard Time",
  ["Australia/Darwin"] = "AUS Central Standard Time",
  ["Australia/Melbourne"] = "AUS Eastern Standard Time",
  ["Australia/Perth"] = "W. Australia Standard Time",
  ["Australia/Sydney"] = "AUS Eastern Standard Time",
  ["Pacific/Auckland"] = "New Zealand Standard Time",
  ["Pacific/Honolulu"] = "Hawaiian Standard Time",
}

--- The Windows name of a zone; a Windows name stays as it is.
---@param name string        "Europe/Amsterdam", "W. Europe Standard Time", "UTC"
---@return string
function time_zone.windows(name)
  if windows[name] then return windows[name] end
  if not name:find "/" and name:find "^[%w .()+-]+$" then return name end
  errors.raise {
    code = "InvalidArgument", message = ("the time zone '%s' is not known here"):format(name:sub(1, 60)),
    hint = "give its Windows name, such as 'W. Europe Standard Time'",
  }
end

return time_zone
