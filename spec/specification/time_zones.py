"""Write lua/azureml/definition/windows_zones.lua: the Windows time zones with their IANA names.

    make time-zones
    python3 spec/specification/time_zones.py > lua/azureml/definition/windows_zones.lua

The sources are two Debian packages, so that the same packages give the same bytes:

- unicode-cldr-core: windowsZones.xml maps Windows zones to IANA names, bcp47/timezone.xml lists
  aliases of IANA names. Unicode, Inc. publishes both under the Unicode License.
- tzdata: the links in tzdata.zi. They add names that are younger than CLDR (Europe/Kyiv) and tell
  which of several aliases is today's name (Asia/Kolkata, once Asia/Calcutta).
"""
import re
import sys
import textwrap
import xml.etree.ElementTree as ElementTree

CLDR = "/usr/share/unicode/cldr/common/"
LINKS = "/usr/share/zoneinfo/tzdata.zi"
WIDTH = 100

# The zones whose clocks changed after CLDR 41 (April 2022), with what CLDR's main branch says now.
# Mexico ended daylight saving in October 2022; Kazakhstan went over to UTC+5 in March 2024.
# Source: common/supplemental/windowsZones.xml of unicode-org/cldr at 062dc06d16b0.
# A newer CLDR says the same by itself: then the script asks to remove the row.
MOVED = {
    "America/Chihuahua": "Central Standard Time (Mexico)",
    "America/Ciudad_Juarez": "Mountain Standard Time",
    "America/Ojinaga": "Central Standard Time",
    "Asia/Almaty": "West Asia Standard Time",
    "Asia/Qostanay": "West Asia Standard Time",
}
MOVED_FIRST = {
    "Central Asia Standard Time": "Asia/Bishkek",
    "Mountain Standard Time (Mexico)": "America/Mazatlan",
}

HEADER = """\
--- The time zones of Windows, each with its IANA names. The first name is the zone whose clocks the
--- Windows zone follows (CLDR's territory 001), by its name of today. The others share it in other
--- territories, or are older names of these. The client and the emulator both read this table.
---
--- Made by spec/specification/time_zones.py out of Unicode CLDR {cldr} (windowsZones.xml and
--- bcp47/timezone.xml) and the links of tzdata {tzdata}. `make time-zones` rewrites it, so do
--- not edit it.
--- The script adds what changed after CLDR 41, in Mexico and Kazakhstan.
--- CLDR's data are copyright 1991-2022 Unicode, Inc., under https://www.unicode.org/license.txt.

return {{
"""


def read_cldr_version():
    with open(CLDR + "dtd/ldmlSupplemental.dtd", encoding="utf-8") as dtd:
        return re.search(r'cldrVersion CDATA #FIXED "([^"]+)"', dtd.read()).group(1)


def read_windows_zones():
    """Read the first name of each Windows zone, and the Windows zone of each IANA name."""
    first, zone_of = {}, {}
    for row in ElementTree.parse(CLDR + "supplemental/windowsZones.xml").iter("mapZone"):
        zone, names = row.get("other"), row.get("type").split()
        if row.get("territory") == "001":
            first[zone] = names[0]
        for name in names:
            if zone_of.setdefault(name, zone) != zone:
                sys.exit(f"{name} is in two zones: {zone_of[name]} and {zone}")
    return first, zone_of


def read_aliases():
    """Read the aliases: each IANA name with the set of names for the same zone."""
    aliases = {}
    for row in ElementTree.parse(CLDR + "bcp47/timezone.xml").iter("type"):
        names = set(row.get("alias", "").split())
        for name in names:
            aliases[name] = names
    return aliases


def read_links():
    """Read tzdata's version, and its links as alias -> name of today."""
    with open(LINKS, encoding="utf-8") as lines:
        version = next(lines).split()[-1]
        links = [line.split() for line in lines if line.startswith("L ")]
    return version, {alias: target for _, target, alias in links}


def move(first, zone_of):
    for table, changes in (zone_of, MOVED), (first, MOVED_FIRST):
        for key, value in changes.items():
            if table.get(key) == value:
                print(f"CLDR says itself that {key} is {value}: remove the row", file=sys.stderr)
            table[key] = value


def add_names(zone_of, aliases, links):
    """Add the names that windowsZones.xml lacks: CLDR's aliases first, then tzdata's links."""
    for name, zone in list(zone_of.items()):
        for alias in aliases.get(name, ()):
            if zone_of.setdefault(alias, zone) != zone:
                sys.exit(f"{alias} is in two zones: {zone_of[alias]} and {zone}")
    known = dict(zone_of)
    for alias, target in links.items():
        if alias in known and target not in known:      # the name of today is younger than CLDR
            if zone_of.setdefault(target, known[alias]) != known[alias]:
                sys.exit(f"{target} is in two zones: {zone_of[target]} and {known[alias]}")
    for alias, target in links.items():
        if target in zone_of:
            zone_of.setdefault(alias, zone_of[target])


def name_of_today(name, aliases, links):
    """Return what a zone is called today. A link into another zone of CLDR is no renaming."""
    target = links.get(name, name)
    return target if target in aliases.get(name, ()) or target not in aliases else name


def write_zone(zone, names):
    text = f'["{zone}"] = "{" ".join(names)}",'
    lines = textwrap.wrap(text, WIDTH - 7, break_long_words=False, break_on_hyphens=False)
    return "  " + " \\z\n    ".join(lines) + "\n"


def main():
    first, zone_of = read_windows_zones()
    aliases, (tzdata, links) = read_aliases(), read_links()
    move(first, zone_of)
    add_names(zone_of, aliases, links)
    out = HEADER.format(cldr=read_cldr_version(), tzdata=tzdata)
    for zone in sorted(first):
        head = name_of_today(first[zone], aliases, links)
        if zone_of[head] != zone:
            sys.exit(f"{head}, the first of {zone}, is in {zone_of[head]}")
        others = sorted(name for name in zone_of if zone_of[name] == zone and name != head)
        out += write_zone(zone, [head] + others)
    sys.stdout.write(out + "}\n")


main()
