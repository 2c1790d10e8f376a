"""Are these answers such as the specification allows? Reads recorded answers, a JSON object a line {method, target, status, body}, from
files or folders of them, and names each that departs from spec/fixtures/specification.json: method, target, member. Exit code 1 if one does.

    /usr/bin/python3 spec/specification/check.py build/answers

Enumerations are taken as closed, and members that the newest specifications do not know are refused: what the emulator sends it sends on
purpose. Where the live service itself departs, DEPARTURES say so.
"""
import json
import os
import re
import sys

import fastjsonschema

SPECIFICATION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "specification.json")

# -- where the live service departs from its specification --------------------------------------
# Source: spec/contract/compute-rest.md, section 14, and the recordings.

BOOLEAN, NULL = {"type": "boolean"}, {"type": "null"}

# Members that it sends and no specification of this age knows.
MORE_MEMBERS = {
    "ComputeInstanceProperties": {
        "imageVersion": NULL, "autologgerSettings": {"type": ["object", "null"]}, "updateStatus": NULL, "enableBatchPrivateLink": BOOLEAN,
        "enableOSPatching": BOOLEAN, "enableRootAccess": BOOLEAN, "releaseQuotaOnStop": BOOLEAN,
    },
    "AmlComputeProperties": {"enableBatchPrivateLink": BOOLEAN},
    "VirtualMachineSize": {"generation": {"type": "string"}, "supportsIB": BOOLEAN},
    "Compute": {"provisioningWarnings": {"type": ["object", "null"]}},
    "ResourceQuota": {"location": {"type": ["string", "null"]}},
    "ErrorDetail": {
        "severity": {}, "messageFormat": {}, "messageParameters": {}, "referenceCode": {}, "detailsUri": {}, "innerError": {},
        "debugInfo": {},
    },
}

# Members that it sends as null where nothing is set, though they are not said to be nullable.
UNSET = {
    "ComputeInstanceProperties": {"subnet", "errors", "state", "containers", "dataDisks", "dataMounts"},
    "AmlComputeProperties": {"vmPriority", "subnet", "virtualMachineImage", "allocationState"},
    "ScaleSettings": {"nodeIdleTimeBeforeScaleDown"},
    "ComputeInstanceSshSettings": {"adminPublicKey"},
    "ComputeInstanceConnectivityEndpoints": {"publicIpAddress", "privateIpAddress"},
    "ImageMetadata": {"osPatchingStatus"},
}

# What it answers where the specification has another status: the definition, or None for no body.
MORE_ANSWERS = {
    ("patch", "/computes/{}"): {"202": "ComputeResource"},
    ("post", "/restart"): {"202": None},                # 2021-03-01-preview alone says 200
    ("delete", "/computes/{}"): {"204": None},          # said since 2021-04-01
}

# Members that it never leaves out, where the specification demands hardly any.
NEVER_ABSENT = {
    "ComputeResource": {"id", "name", "type", "location", "properties"},
    "Compute": {"computeType", "provisioningState", "createdOn", "modifiedOn"},
    "PaginatedComputeResourcesList": {"value"}, "ListUsagesResult": {"value"}, "ListWorkspaceQuotas": {"value"},
    "UpdateWorkspaceQuotasResult": {"value"}, "WorkspaceListResult": {"value"},
    "Usage": {"id", "type", "unit", "currentValue", "limit", "name"}, "UsageName": {"value", "localizedValue"},
    "ResourceQuota": {"id", "type", "unit", "limit", "name"}, "ResourceName": {"value", "localizedValue"},
    "VirtualMachineSize": {"name", "family", "vCPUs", "gpus", "memoryGB", "supportedComputeTypes"},
    "AmlComputeNodesInformation": {"nodes"},
    "ErrorResponse": {"error"}, "ErrorDetail": {"code", "message"}, "MachineLearningServiceError": {"error"},
    "CheckNameAvailabilityResponse": {"nameAvailable"},
}

# Paths that no specification at hand describes: counted, and not checked.
UNSPECIFIED = re.compile(r"/workspaces/[^/]+/(jobs(/[^/]+(/cancel)?)?|environments(/[^/]+(/versions(/[^/]+)?)?)?)$|/computes/[^/]+/(enablesso|reimage)$|/listnotebookaccesstoken$"
                         r"|/computeoperationsresult/[^/]+$|^/subscriptions/[^/]+$"
                         r"|^/subscriptions/[^/]+/(resources|resourcegroups(/[^/]+(/resources|/deployments/[^/]+/operations)?)?|providers(/[^/]+)?)$"
                         r"|/providers/microsoft\.(authorization|compute|network|resources)/")
FIRST_SPECIFIED = "2021"      # no specification of an earlier api-version of the provider is at hand

# -- swagger to JSON Schema --------------------------------------------------------------------------------------------------------------

PASSED_ON = ("type", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "enum")
INTEGERS = {"int32": 2 ** 31, "int64": 2 ** 63}
FORMATS = {
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "date-time": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    "duration": r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$",
}
OLD = ("2021-01-01", "2021-03-01-preview")      # members came since, and are sent whatever version is asked for


def base(name):
    return name.split(":")[1]


def nullable(schema):
    return {"if": NULL, "else": schema}


class Converter:
    """Definitions of the specification as those of one JSON Schema."""

    def __init__(self, definitions):
        self.source = definitions
        self.definitions = {name: self.named(name) for name in definitions}

    def subtypes(self, name):
        """value of the discriminator -> name."""
        found = {}
        for other, schema in self.source.items():
            if {"$ref": name} in schema.get("allOf", []):
                found[schema.get("x-ms-discriminator-value", base(other))] = other
        return found

    def named(self, name):
        schema = self.source[name]
        if "discriminator" not in schema:
            return self.whole(name, schema)
        member, subtypes = schema["discriminator"], self.subtypes(name)
        if not subtypes:
            return self.whole(name, schema)
        chosen = [{"if": {"properties": {member: {"const": value}}}, "then": {"$ref": "#/definitions/" + other}}
                  for value, other in subtypes.items()]
        return {"type": "object", "required": [member], "properties": {member: {"enum": list(subtypes)}}, "allOf": chosen}

    def parts(self, name, schema):
        """A schema and all that it inherits from, as (name, schema)."""
        yield name, schema
        for each in schema.get("allOf", []):
            if "$ref" in each:
                yield from self.parts(each["$ref"], self.source[each["$ref"]])
            else:
                yield from self.parts(name, each)

    def whole(self, name, schema):
        """An object with what it inherits; anything else as it is."""
        parts = list(self.parts(name, schema))
        properties, required, more = {}, set(), None
        for part_name, part in parts:
            kind = base(part_name)
            required |= set(part.get("required", [])) | NEVER_ABSENT.get(kind, set())
            for member, each in part.get("properties", {}).items():
                properties.setdefault(member, self.member(kind, name, member, each))
            properties.update(MORE_MEMBERS.get(kind, {}))
            more = part.get("additionalProperties", more)
        if not properties:
            return self.plain(name, schema)
        result = {"type": "object", "properties": properties, "required": sorted(required & properties.keys())}
        if isinstance(more, dict):
            result["additionalProperties"] = self.convert(name, more)
        elif more is None and not name.startswith(OLD):
            result["additionalProperties"] = False
        return result

    def member(self, kind, owner, member, schema):
        """A member of an object; what is unset may be null, in old versions all that need not be there."""
        converted = self.convert(owner, schema)
        is_unset = member in UNSET.get(kind, ()) or schema.get("x-nullable") or owner.startswith(OLD)
        return nullable(converted) if is_unset else converted

    def plain(self, name, schema):
        result = {key: schema[key] for key in PASSED_ON if key in schema}
        kind = schema.get("format")
        if kind in FORMATS:
            result["format"] = kind
        elif kind in INTEGERS:
            result.update(minimum=-INTEGERS[kind], maximum=INTEGERS[kind] - 1)
        if "items" in schema:
            result["items"] = self.convert(name, schema["items"])
        if isinstance(schema.get("additionalProperties"), dict):
            result["additionalProperties"] = self.convert(name, schema["additionalProperties"])
        return result

    def convert(self, owner, schema):
        if "$ref" in schema:
            return {"$ref": "#/definitions/" + schema["$ref"]}
        if "properties" in schema or "allOf" in schema:
            return self.whole(owner.split(":")[0] + ":", schema)
        return self.plain(owner, schema)


# -- which definition an answer must meet --------------------------------------------------------------------------------------------------


class Specification:
    def __init__(self, path=SPECIFICATION):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        self.versions = {version: with_segments(paths) for version, paths in data["versions"].items()}
        self.supplements = with_segments(data["supplements"])
        self.definitions = Converter(data["definitions"]).definitions
        self.validators = {}

    def validator(self, name):
        if name not in self.validators:
            schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/" + name,
                      "definitions": self.reachable(name)}
            self.validators[name] = fastjsonschema.compile(schema, formats=FORMATS)
        return self.validators[name]

    def reachable(self, name):
        found, open_names = {}, [name]
        while open_names:
            one = open_names.pop()
            if one not in found:
                found[one] = self.definitions[one]
                open_names += re.findall(r'"#/definitions/([^"]*)"', json.dumps(found[one]))
        return found

    def preference(self, version):
        """The versions to look in, best first: its own; for previews the newest; else the first that is not older, then the newest."""
        known = list(self.versions)
        newest = known[-1]
        first = [newest] if version.endswith("-preview") else [each for each in known if each >= version and not each.endswith("-preview")]
        return ([version] if version in known else []) + first + known[::-1]

    def find(self, path, method, version):
        """Its template and what may be answered by status; nothing if no specification describes it."""
        segments = segments_of(path)
        for paths in [self.versions[each] for each in self.preference(version)] + [self.supplements]:
            for template, parts, methods in paths:
                if matches(parts, segments) and method.lower() in methods:
                    return template, methods[method.lower()]
        return None, None

    def expected(self, path, method, version, status):
        """The definition that the body must meet, None for no body; raises Departure where the status is none of the specification's."""
        template, answers = self.find(path, method, version)
        if status >= 400:
            return (answers or {}).get("default") or "v2:ErrorResponse"
        if not answers:
            raise Departure("no specification describes it")
        more = next((found for (verb, end), found in MORE_ANSWERS.items() if verb == method.lower() and template.endswith(end)), {})
        if str(status) in more:
            return next((name for name in answers.values() if name and base(name) == more[str(status)]), None)
        if str(status) not in answers:
            raise Departure("status %d is none of %s" % (status, ", ".join(sorted(answers))))
        return answers[str(status)]


class Departure(Exception):
    pass


def segments_of(path):
    return path.strip("/").lower().split("/")


def with_segments(paths):
    return [(template, segments_of(template), methods) for template, methods in paths.items()]


def matches(template, segments):
    return len(template) == len(segments) and all(a == b or a == "{}" for a, b in zip(template, segments))


def without_doubles(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise Departure("a member is there twice: %s" % max(names, key=names.count))
    return members


def explained(error):
    """What a validator says, without its name for the whole; of a missing member its name."""
    where = re.sub(r"^data\.?", "", error.name)
    if error.rule == "required":
        return "%s lacks %s" % (where or "it", ", ".join(sorted(set(error.rule_definition) - error.value.keys())))
    return re.sub(r"^data\.?", "", error.message).strip()


def check(specification, answer):
    """Raises Departure, or returns whether there is a specification to check it by."""
    path, _, query = answer["target"].partition("?")
    version = re.search(r"(?:^|&)api-version=([^&]*)", query, re.I)
    version = version.group(1) if version else ""
    if answer["status"] < 400 and (UNSPECIFIED.search(path.lower()) or "" < version < FIRST_SPECIFIED):
        return False
    name = specification.expected(path, answer["method"], version, answer["status"])
    if name is None:
        if answer["body"]:
            raise Departure("a body where none is said to be")
        return True
    try:
        specification.validator(name)(json.loads(answer["body"], object_pairs_hook=without_doubles))
    except fastjsonschema.JsonSchemaValueException as error:
        raise Departure("%s (%s)" % (explained(error), name)) from None
    except ValueError as error:
        raise Departure("not JSON: %s" % error) from None
    return True


def answers_of(paths):
    files = [os.path.join(path, name) for path in paths if os.path.isdir(path) for name in sorted(os.listdir(path))]
    for path in files + [path for path in paths if not os.path.isdir(path)]:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                if line.endswith("\n"):      # else its writer was killed
                    yield json.loads(line)


def main(paths):
    specification, seen = Specification(), set()
    checked = unspecified = 0
    departures = {}
    for answer in answers_of(paths):
        key = (answer["method"], answer["target"], answer["status"], answer["body"])
        if key in seen:
            continue
        seen.add(key)
        try:
            if check(specification, answer):
                checked += 1
            else:
                unspecified += 1
        except Departure as departure:
            checked += 1
            line = "%s %s (%d): %s" % (answer["method"], answer["target"], answer["status"], departure)
            alike = re.sub(r"\[\d+\]", "[]", "%s %d %s" % (answer["method"], answer["status"], departure))
            departures.setdefault(alike, [line, 0])[1] += 1
    for line, count in departures.values():
        print(line + ("" if count == 1 else " (and %d more like it)" % (count - 1)))
    print("%d answers checked against the official specifications, %d depart; %d have none" % (checked, len(departures), unspecified))
    return 1 if departures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
