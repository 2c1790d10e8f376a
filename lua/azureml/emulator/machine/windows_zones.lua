--- The time zones that Windows knows, each with the place whose clocks it follows: what Unicode's table windowsZones says of the territory
--- 001. By area, as "place" = "name without ' Standard Time'"; one that begins with '=' is the whole name, and '!' puts a country behind.
local areas = {
  Africa = {
    Cairo = "Egypt", Casablanca = "Morocco", Johannesburg = "South Africa", Juba = "South Sudan", Khartoum = "Sudan",
    Lagos = "W. Central Africa", Nairobi = "E. Africa", Sao_Tome = "Sao Tome", Tripoli = "Libya", Windhoek = "Namibia",
  },
  America = {
    Adak = "Aleutian", Anchorage = "Alaskan", Araguaina = "Tocantins", ["Argentina/Buenos_Aires"] = "Argentina", Asuncion = "Paraguay",
    Bahia = "Bahia", Bogota = "SA Pacific", Cancun = "Eastern!Mexico", Caracas = "Venezuela", Cayenne = "SA Eastern", Chicago = "Central",
    Cuiaba = "Central Brazilian", Denver = "Mountain", Grand_Turk = "Turks And Caicos", Guatemala = "Central America",
    Halifax = "Atlantic", Havana = "Cuba", ["Indiana/Indianapolis"] = "US Eastern", La_Paz = "SA Western", Los_Angeles = "Pacific",
    Mazatlan = "Mountain!Mexico", Mexico_City = "Central!Mexico", Miquelon = "Saint Pierre", Montevideo = "Montevideo",
    New_York = "Eastern", Nuuk = "Greenland", Phoenix = "US Mountain", ["Port-au-Prince"] = "Haiti", Punta_Arenas = "Magallanes",
    Regina = "Canada Central", Santiago = "Pacific SA", Sao_Paulo = "E. South America", St_Johns = "Newfoundland",
    Tijuana = "Pacific!Mexico", Whitehorse = "Yukon",
  },
  Asia = {
    Almaty = "Central Asia", Amman = "Jordan", Baghdad = "Arabic", Baku = "Azerbaijan", Bangkok = "SE Asia", Barnaul = "Altai",
    Beirut = "Middle East", Chita = "Transbaikal", Colombo = "Sri Lanka", Damascus = "Syria", Dhaka = "Bangladesh", Dubai = "Arabian",
    Hebron = "West Bank", Hovd = "W. Mongolia", Irkutsk = "North Asia East", Jerusalem = "Israel", Kabul = "Afghanistan",
    Kamchatka = "=Russia Time Zone 11", Karachi = "Pakistan", Kathmandu = "Nepal", Kolkata = "India", Krasnoyarsk = "North Asia",
    Magadan = "Magadan", Novosibirsk = "N. Central Asia", Omsk = "Omsk", Pyongyang = "North Korea", Qyzylorda = "Qyzylorda",
    Riyadh = "Arab", Sakhalin = "Sakhalin", Seoul = "Korea", Shanghai = "China", Singapore = "Singapore",
    Srednekolymsk = "=Russia Time Zone 10", Taipei = "Taipei", Tashkent = "West Asia", Tbilisi = "Georgian", Tehran = "Iran",
    Tokyo = "Tokyo", Tomsk = "Tomsk", Ulaanbaatar = "Ulaanbaatar", Vladivostok = "Vladivostok", Yakutsk = "Yakutsk", Yangon = "Myanmar",
    Yekaterinburg = "Ekaterinburg", Yerevan = "Caucasus",
  },
  Atlantic = {
    Azores = "Azores", Cape_Verde = "Cape Verde", Reykjavik = "Greenwich",
  },
  Australia = {
    Adelaide = "Cen. Australia", Brisbane = "E. Australia", Darwin = "AUS Central", Eucla = "Aus Central W.", Hobart = "Tasmania",
    Lord_Howe = "Lord Howe", Perth = "W. Australia", Sydney = "AUS Eastern",
  },
  Europe = {
    Astrakhan = "Astrakhan", Berlin = "W. Europe", Bucharest = "GTB", Budapest = "Central Europe", Chisinau = "E. Europe",
    Istanbul = "Turkey", Kaliningrad = "Kaliningrad", Kyiv = "FLE", London = "GMT", Minsk = "Belarus", Moscow = "Russian",
    Paris = "Romance", Samara = "=Russia Time Zone 3", Saratov = "Saratov", Volgograd = "Volgograd", Warsaw = "Central European",
  },
  Indian = {
    Mauritius = "Mauritius",
  },
  Pacific = {
    Apia = "Samoa", Auckland = "New Zealand", Bougainville = "Bougainville", Chatham = "Chatham Islands", Easter = "Easter Island",
    Fiji = "Fiji", Guadalcanal = "Central Pacific", Honolulu = "Hawaiian", Kiritimati = "Line Islands", Marquesas = "Marquesas",
    Norfolk = "Norfolk", Port_Moresby = "West Pacific", Tongatapu = "Tonga",
  },
  Etc = {
    ["GMT+11"] = "=UTC-11", ["GMT+12"] = "Dateline", ["GMT+2"] = "=UTC-02", ["GMT+8"] = "=UTC-08", ["GMT+9"] = "=UTC-09",
    ["GMT-12"] = "=UTC+12", ["GMT-13"] = "=UTC+13", UTC = "=UTC",
  },
}

-- Windows name -> "Europe/Berlin"
local windows_zones = {}

local function windows_name(text)
  if text:sub(1, 1) == "=" then return text:sub(2) end
  local name, country = text:match "^(.*)!(.*)$"
  return country and ("%s Standard Time (%s)"):format(name, country) or text .. " Standard Time"
end

for area, places in pairs(areas) do
  for place, text in pairs(places) do windows_zones[windows_name(text)] = area .. "/" .. place end
end

return windows_zones
