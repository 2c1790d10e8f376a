--- The time zones of Windows, each with its IANA names. The first name is the zone whose clocks the
--- Windows zone follows (CLDR's territory 001), by its name of today. The others share it in other
--- territories, or are older names of these. The client and the emulator both read this table.
---
--- Made by spec/specification/time_zones.py out of Unicode CLDR 41 (windowsZones.xml and
--- bcp47/timezone.xml) and the links of tzdata 2025b. `make time-zones` rewrites it, so do
--- not edit it.
--- The script adds what changed after CLDR 41, in Mexico and Kazakhstan.
--- CLDR's data are copyright 1991-2022 Unicode, Inc., under https://www.unicode.org/license.txt.

return {
  ["AUS Central Standard Time"] = "Australia/Darwin Australia/North",
  ["AUS Eastern Standard Time"] = "Australia/Sydney Australia/ACT Australia/Canberra \z
    Australia/Melbourne Australia/NSW Australia/Victoria",
  ["Afghanistan Standard Time"] = "Asia/Kabul",
  ["Alaskan Standard Time"] = "America/Anchorage America/Juneau America/Metlakatla America/Nome \z
    America/Sitka America/Yakutat US/Alaska",
  ["Aleutian Standard Time"] = "America/Adak America/Atka US/Aleutian",
  ["Altai Standard Time"] = "Asia/Barnaul",
  ["Arab Standard Time"] = "Asia/Riyadh Asia/Aden Asia/Bahrain Asia/Kuwait Asia/Qatar",
  ["Arabian Standard Time"] = "Asia/Dubai Asia/Muscat Etc/GMT-4",
  ["Arabic Standard Time"] = "Asia/Baghdad",
  ["Argentina Standard Time"] = "America/Argentina/Buenos_Aires America/Argentina/Catamarca \z
    America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy \z
    America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos \z
    America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis \z
    America/Argentina/Tucuman America/Argentina/Ushuaia America/Buenos_Aires America/Catamarca \z
    America/Cordoba America/Jujuy America/Mendoza America/Rosario",
  ["Astrakhan Standard Time"] = "Europe/Astrakhan Europe/Ulyanovsk",
  ["Atlantic Standard Time"] = "America/Halifax America/Glace_Bay America/Goose_Bay \z
    America/Moncton America/Thule Atlantic/Bermuda Canada/Atlantic",
  ["Aus Central W. Standard Time"] = "Australia/Eucla",
  ["Azerbaijan Standard Time"] = "Asia/Baku",
  ["Azores Standard Time"] = "Atlantic/Azores America/Scoresbysund",
  ["Bahia Standard Time"] = "America/Bahia",
  ["Bangladesh Standard Time"] = "Asia/Dhaka Asia/Dacca Asia/Thimbu Asia/Thimphu",
  ["Belarus Standard Time"] = "Europe/Minsk",
  ["Bougainville Standard Time"] = "Pacific/Bougainville",
  ["Canada Central Standard Time"] = "America/Regina America/Swift_Current \z
    Canada/East-Saskatchewan Canada/Saskatchewan",
  ["Cape Verde Standard Time"] = "Atlantic/Cape_Verde Etc/GMT+1",
  ["Caucasus Standard Time"] = "Asia/Yerevan",
  ["Cen. Australia Standard Time"] = "Australia/Adelaide Australia/Broken_Hill Australia/South \z
    Australia/Yancowinna",
  ["Central America Standard Time"] = "America/Guatemala America/Belize America/Costa_Rica \z
    America/El_Salvador America/Managua America/Tegucigalpa Etc/GMT+6 Pacific/Galapagos",
  ["Central Asia Standard Time"] = "Asia/Bishkek Antarctica/Vostok Asia/Kashgar Asia/Urumqi \z
    Etc/GMT-6 Indian/Chagos",
  ["Central Brazilian Standard Time"] = "America/Cuiaba America/Campo_Grande",
  ["Central Europe Standard Time"] = "Europe/Budapest Europe/Belgrade Europe/Bratislava \z
    Europe/Ljubljana Europe/Podgorica Europe/Prague Europe/Tirane",
  ["Central European Standard Time"] = "Europe/Warsaw Europe/Sarajevo Europe/Skopje \z
    Europe/Zagreb Poland",
  ["Central Pacific Standard Time"] = "Pacific/Guadalcanal Antarctica/Casey Etc/GMT-11 \z
    Pacific/Efate Pacific/Kosrae Pacific/Noumea Pacific/Pohnpei Pacific/Ponape",
  ["Central Standard Time"] = "America/Chicago America/Indiana/Knox America/Indiana/Tell_City \z
    America/Knox_IN America/Matamoros America/Menominee America/North_Dakota/Beulah \z
    America/North_Dakota/Center America/North_Dakota/New_Salem America/Ojinaga \z
    America/Rainy_River America/Rankin_Inlet America/Resolute America/Winnipeg CST6CDT \z
    Canada/Central US/Central US/Indiana-Starke",
  ["Central Standard Time (Mexico)"] = "America/Mexico_City America/Bahia_Banderas \z
    America/Chihuahua America/Merida America/Monterrey Mexico/General",
  ["Chatham Islands Standard Time"] = "Pacific/Chatham NZ-CHAT",
  ["China Standard Time"] = "Asia/Shanghai Asia/Chongqing Asia/Chungking Asia/Harbin \z
    Asia/Hong_Kong Asia/Macao Asia/Macau Hongkong PRC",
  ["Cuba Standard Time"] = "America/Havana Cuba",
  ["Dateline Standard Time"] = "Etc/GMT+12",
  ["E. Africa Standard Time"] = "Africa/Nairobi Africa/Addis_Ababa Africa/Asmara Africa/Asmera \z
    Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Antarctica/Syowa \z
    Etc/GMT-3 Indian/Antananarivo Indian/Comoro Indian/Mayotte",
  ["E. Australia Standard Time"] = "Australia/Brisbane Australia/Lindeman \z
    Australia/Queensland",
  ["E. Europe Standard Time"] = "Europe/Chisinau Europe/Tiraspol",
  ["E. South America Standard Time"] = "America/Sao_Paulo Brazil/East",
  ["Easter Island Standard Time"] = "Pacific/Easter Chile/EasterIsland",
  ["Eastern Standard Time"] = "America/New_York America/Detroit America/Indiana/Petersburg \z
    America/Indiana/Vincennes America/Indiana/Winamac America/Iqaluit America/Kentucky/Louisville \z
    America/Kentucky/Monticello America/Louisville America/Montreal America/Nassau \z
    America/Nipigon America/Pangnirtung America/Thunder_Bay America/Toronto Canada/Eastern \z
    EST5EDT US/Eastern US/Michigan",
  ["Eastern Standard Time (Mexico)"] = "America/Cancun",
  ["Egypt Standard Time"] = "Africa/Cairo Egypt",
  ["Ekaterinburg Standard Time"] = "Asia/Yekaterinburg",
  ["FLE Standard Time"] = "Europe/Kyiv Europe/Helsinki Europe/Kiev Europe/Mariehamn Europe/Riga \z
    Europe/Sofia Europe/Tallinn Europe/Uzhgorod Europe/Vilnius Europe/Zaporozhye",
  ["Fiji Standard Time"] = "Pacific/Fiji",
  ["GMT Standard Time"] = "Europe/London Atlantic/Canary Atlantic/Faeroe Atlantic/Faroe \z
    Atlantic/Madeira Eire Europe/Belfast Europe/Dublin Europe/Guernsey Europe/Isle_of_Man \z
    Europe/Jersey Europe/Lisbon GB GB-Eire Portugal",
  ["GTB Standard Time"] = "Europe/Bucharest Asia/Famagusta Asia/Nicosia Europe/Athens \z
    Europe/Nicosia",
  ["Georgian Standard Time"] = "Asia/Tbilisi",
  ["Greenland Standard Time"] = "America/Nuuk America/Godthab",
  ["Greenwich Standard Time"] = "Atlantic/Reykjavik Africa/Abidjan Africa/Accra Africa/Bamako \z
    Africa/Banjul Africa/Bissau Africa/Conakry Africa/Dakar Africa/Freetown Africa/Lome \z
    Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou Africa/Timbuktu America/Danmarkshavn \z
    Atlantic/St_Helena Iceland",
  ["Haiti Standard Time"] = "America/Port-au-Prince",
  ["Hawaiian Standard Time"] = "Pacific/Honolulu Etc/GMT+10 HST Pacific/Johnston \z
    Pacific/Rarotonga Pacific/Tahiti US/Hawaii",
  ["India Standard Time"] = "Asia/Kolkata Asia/Calcutta",
  ["Iran Standard Time"] = "Asia/Tehran Iran",
  ["Israel Standard Time"] = "Asia/Jerusalem Asia/Tel_Aviv Israel",
  ["Jordan Standard Time"] = "Asia/Amman",
  ["Kaliningrad Standard Time"] = "Europe/Kaliningrad",
  ["Korea Standard Time"] = "Asia/Seoul ROK",
  ["Libya Standard Time"] = "Africa/Tripoli Libya",
  ["Line Islands Standard Time"] = "Pacific/Kiritimati Etc/GMT-14",
  ["Lord Howe Standard Time"] = "Australia/Lord_Howe Australia/LHI",
  ["Magadan Standard Time"] = "Asia/Magadan",
  ["Magallanes Standard Time"] = "America/Punta_Arenas",
  ["Marquesas Standard Time"] = "Pacific/Marquesas",
  ["Mauritius Standard Time"] = "Indian/Mauritius Indian/Mahe Indian/Reunion",
  ["Middle East Standard Time"] = "Asia/Beirut",
  ["Montevideo Standard Time"] = "America/Montevideo",
  ["Morocco Standard Time"] = "Africa/Casablanca Africa/El_Aaiun",
  ["Mountain Standard Time"] = "America/Denver America/Boise America/Cambridge_Bay \z
    America/Ciudad_Juarez America/Edmonton America/Inuvik America/Shiprock America/Yellowknife \z
    Canada/Mountain MST7MDT Navajo US/Mountain",
  ["Mountain Standard Time (Mexico)"] = "America/Mazatlan Mexico/BajaSur",
  ["Myanmar Standard Time"] = "Asia/Yangon Asia/Rangoon Indian/Cocos",
  ["N. Central Asia Standard Time"] = "Asia/Novosibirsk",
  ["Namibia Standard Time"] = "Africa/Windhoek",
  ["Nepal Standard Time"] = "Asia/Kathmandu Asia/Katmandu",
  ["New Zealand Standard Time"] = "Pacific/Auckland Antarctica/McMurdo Antarctica/South_Pole \z
    NZ",
  ["Newfoundland Standard Time"] = "America/St_Johns Canada/Newfoundland",
  ["Norfolk Standard Time"] = "Pacific/Norfolk",
  ["North Asia East Standard Time"] = "Asia/Irkutsk",
  ["North Asia Standard Time"] = "Asia/Krasnoyarsk Asia/Novokuznetsk",
  ["North Korea Standard Time"] = "Asia/Pyongyang",
  ["Omsk Standard Time"] = "Asia/Omsk",
  ["Pacific SA Standard Time"] = "America/Santiago Chile/Continental",
  ["Pacific Standard Time"] = "America/Los_Angeles America/Vancouver Canada/Pacific PST8PDT \z
    US/Pacific US/Pacific-New",
  ["Pacific Standard Time (Mexico)"] = "America/Tijuana America/Ensenada America/Santa_Isabel \z
    Mexico/BajaNorte",
  ["Pakistan Standard Time"] = "Asia/Karachi",
  ["Paraguay Standard Time"] = "America/Asuncion",
  ["Qyzylorda Standard Time"] = "Asia/Qyzylorda",
  ["Romance Standard Time"] = "Europe/Paris Africa/Ceuta Europe/Brussels Europe/Copenhagen \z
    Europe/Madrid",
  ["Russia Time Zone 10"] = "Asia/Srednekolymsk",
  ["Russia Time Zone 11"] = "Asia/Kamchatka Asia/Anadyr",
  ["Russia Time Zone 3"] = "Europe/Samara",
  ["Russian Standard Time"] = "Europe/Moscow Europe/Kirov Europe/Simferopol W-SU",
  ["SA Eastern Standard Time"] = "America/Cayenne America/Belem America/Fortaleza \z
    America/Maceio America/Paramaribo America/Recife America/Santarem Antarctica/Palmer \z
    Antarctica/Rothera Atlantic/Stanley Etc/GMT+3",
  ["SA Pacific Standard Time"] = "America/Bogota America/Atikokan America/Cayman \z
    America/Coral_Harbour America/Eirunepe America/Guayaquil America/Jamaica America/Lima \z
    America/Panama America/Porto_Acre America/Rio_Branco Brazil/Acre EST Etc/GMT+5 Jamaica",
  ["SA Western Standard Time"] = "America/La_Paz America/Anguilla America/Antigua America/Aruba \z
    America/Barbados America/Blanc-Sablon America/Boa_Vista America/Curacao America/Dominica \z
    America/Grenada America/Guadeloupe America/Guyana America/Kralendijk America/Lower_Princes \z
    America/Manaus America/Marigot America/Martinique America/Montserrat America/Port_of_Spain \z
    America/Porto_Velho America/Puerto_Rico America/Santo_Domingo America/St_Barthelemy \z
    America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent America/Tortola \z
    America/Virgin Brazil/West Etc/GMT+4",
  ["SE Asia Standard Time"] = "Asia/Bangkok Antarctica/Davis Asia/Ho_Chi_Minh Asia/Jakarta \z
    Asia/Phnom_Penh Asia/Pontianak Asia/Saigon Asia/Vientiane Etc/GMT-7 Indian/Christmas",
  ["Saint Pierre Standard Time"] = "America/Miquelon",
  ["Sakhalin Standard Time"] = "Asia/Sakhalin",
  ["Samoa Standard Time"] = "Pacific/Apia",
  ["Sao Tome Standard Time"] = "Africa/Sao_Tome",
  ["Saratov Standard Time"] = "Europe/Saratov",
  ["Singapore Standard Time"] = "Asia/Singapore Asia/Brunei Asia/Kuala_Lumpur Asia/Kuching \z
    Asia/Makassar Asia/Manila Asia/Ujung_Pandang Etc/GMT-8 Singapore",
  ["South Africa Standard Time"] = "Africa/Johannesburg Africa/Blantyre Africa/Bujumbura \z
    Africa/Gaborone Africa/Harare Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo \z
    Africa/Maseru Africa/Mbabane Etc/GMT-2",
  ["South Sudan Standard Time"] = "Africa/Juba",
  ["Sri Lanka Standard Time"] = "Asia/Colombo",
  ["Sudan Standard Time"] = "Africa/Khartoum",
  ["Syria Standard Time"] = "Asia/Damascus",
  ["Taipei Standard Time"] = "Asia/Taipei ROC",
  ["Tasmania Standard Time"] = "Australia/Hobart Antarctica/Macquarie Australia/Currie \z
    Australia/Tasmania",
  ["Tocantins Standard Time"] = "America/Araguaina",
  ["Tokyo Standard Time"] = "Asia/Tokyo Asia/Dili Asia/Jayapura Etc/GMT-9 Japan Pacific/Palau",
  ["Tomsk Standard Time"] = "Asia/Tomsk",
  ["Tonga Standard Time"] = "Pacific/Tongatapu",
  ["Transbaikal Standard Time"] = "Asia/Chita",
  ["Turkey Standard Time"] = "Europe/Istanbul Asia/Istanbul Turkey",
  ["Turks And Caicos Standard Time"] = "America/Grand_Turk",
  ["US Eastern Standard Time"] = "America/Indiana/Indianapolis America/Fort_Wayne \z
    America/Indiana/Marengo America/Indiana/Vevay America/Indianapolis US/East-Indiana",
  ["US Mountain Standard Time"] = "America/Phoenix America/Creston America/Dawson_Creek \z
    America/Fort_Nelson America/Hermosillo Etc/GMT+7 MST US/Arizona",
  ["UTC"] = "Etc/UTC Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich Etc/UCT Etc/Universal \z
    Etc/Zulu GMT GMT+0 GMT-0 GMT0 Greenwich UCT UTC Universal Zulu",
  ["UTC+12"] = "Etc/GMT-12 Kwajalein Pacific/Funafuti Pacific/Kwajalein Pacific/Majuro \z
    Pacific/Nauru Pacific/Tarawa Pacific/Wake Pacific/Wallis",
  ["UTC+13"] = "Etc/GMT-13 Pacific/Enderbury Pacific/Fakaofo Pacific/Kanton",
  ["UTC-02"] = "Etc/GMT+2 America/Noronha Atlantic/South_Georgia Brazil/DeNoronha",
  ["UTC-08"] = "Etc/GMT+8 Pacific/Pitcairn",
  ["UTC-09"] = "Etc/GMT+9 Pacific/Gambier",
  ["UTC-11"] = "Etc/GMT+11 Pacific/Midway Pacific/Niue Pacific/Pago_Pago Pacific/Samoa \z
    US/Samoa",
  ["Ulaanbaatar Standard Time"] = "Asia/Ulaanbaatar Asia/Choibalsan Asia/Ulan_Bator",
  ["Venezuela Standard Time"] = "America/Caracas",
  ["Vladivostok Standard Time"] = "Asia/Vladivostok Asia/Ust-Nera",
  ["Volgograd Standard Time"] = "Europe/Volgograd",
  ["W. Australia Standard Time"] = "Australia/Perth Australia/West",
  ["W. Central Africa Standard Time"] = "Africa/Lagos Africa/Algiers Africa/Bangui \z
    Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Libreville Africa/Luanda \z
    Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo Africa/Tunis Etc/GMT-1",
  ["W. Europe Standard Time"] = "Europe/Berlin Arctic/Longyearbyen Atlantic/Jan_Mayen \z
    Europe/Amsterdam Europe/Andorra Europe/Busingen Europe/Gibraltar Europe/Luxembourg \z
    Europe/Malta Europe/Monaco Europe/Oslo Europe/Rome Europe/San_Marino Europe/Stockholm \z
    Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Zurich",
  ["W. Mongolia Standard Time"] = "Asia/Hovd",
  ["West Asia Standard Time"] = "Asia/Tashkent Antarctica/Mawson Asia/Almaty Asia/Aqtau \z
    Asia/Aqtobe Asia/Ashgabat Asia/Ashkhabad Asia/Atyrau Asia/Dushanbe Asia/Oral Asia/Qostanay \z
    Asia/Samarkand Etc/GMT-5 Indian/Kerguelen Indian/Maldives",
  ["West Bank Standard Time"] = "Asia/Hebron Asia/Gaza",
  ["West Pacific Standard Time"] = "Pacific/Port_Moresby Antarctica/DumontDUrville Etc/GMT-10 \z
    Pacific/Chuuk Pacific/Guam Pacific/Saipan Pacific/Truk Pacific/Yap",
  ["Yakutsk Standard Time"] = "Asia/Yakutsk Asia/Khandyga",
  ["Yukon Standard Time"] = "America/Whitehorse America/Dawson Canada/Yukon",
}
