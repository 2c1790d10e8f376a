"""Makes spec/fixtures/specification.json out of a folder of Microsoft's specifications: of each version at hand, the paths that the
emulator answers and the definitions that their answers reach, without what is written for people.

    python3 spec/specification/extract.py FOLDER > spec/fixtures/specification.json

FOLDER has `specification/` of Azure/azure-rest-api-specs in it, which is under the MIT licence (Microsoft).
"""
import json
import os
import re
import sys

PROVIDER = "machinelearningservices/resource-manager/Microsoft.MachineLearningServices"

# Each api-version, and its file. What the newer ones lack is named in SUPPLEMENTS.
VERSIONS = {
    "2021-01-01": "stable/2021-01-01/machineLearningServices.json",
    "2021-03-01-preview": "preview/2021-03-01-preview/machineLearningServices.json",
    "2025-12-01": "stable/2025-12-01/openapi.compute.reconstructed.json",
    "2026-03-15-preview": "preview/2026-03-15-preview/openapi.compute.reconstructed.json",
}

# Paths whose answers the emulator gives; the rest of the service is nobody's business here.
PATHS = re.compile(r"/workspaces$|/workspaces/\{[^}]*\}$|/computes(/|$)|/locations/\{[^}]*\}/(usages|vmSizes|quotas|updateQuotas)$")
METHODS_OF_WORKSPACE = {"get"}      # workspaces are made and changed elsewhere
WORKSPACE = re.compile(r"/workspaces(/\{[^}]*\})?$")

# Of the types of compute: these there are in the emulator.
TYPES = {"ComputeInstance", "AmlCompute"}

COMMON = "common-types/resource-management/v3/types.json#/definitions/"

# Answers that no specification describes by path, but ARM's common types do.
# Sources: spec/contract/compute-rest.md, sections 3.14 and 4.
SUPPLEMENTS = {
    "/subscriptions/{}/providers/Microsoft.MachineLearningServices/locations/{}/computeOperationsStatus/{}":
        {"get": {"200": COMMON + "OperationStatusResult", "default": COMMON + "ErrorResponse"}},
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}/checkComputeNameAvailability":
        {"post": {"200": COMMON + "CheckNameAvailabilityResponse", "default": COMMON + "ErrorResponse"}},
}

KEPT = {
    "type", "properties", "items", "allOf", "$ref", "enum", "required", "format", "pattern", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems", "additionalProperties", "discriminator", "x-ms-discriminator-value", "x-nullable", "readOnly",
}


class Extract:
    def __init__(self, root):
        self.root = root
        self.files = {}
        self.definitions = {}       # "file#name" -> pruned schema, in the order they were reached

    def file(self, name):
        if name not in self.files:
            with open(os.path.join(self.root, name), encoding="utf-8-sig") as file:
                self.files[name] = json.load(file)
        return self.files[name]

    def reference(self, origin, ref):
        """The name here of what a $ref names, which is taken along."""
        path, name = ref.split("#/definitions/")
        file = os.path.normpath(os.path.join(os.path.dirname(origin), path)) if path else origin
        return self.take(file, name)

    def take(self, file, name):
        key = short(file) + ":" + name
        if key not in self.definitions:
            self.definitions[key] = None
            schema = self.file(file)["definitions"][name]
            self.definitions[key] = self.prune(file, schema)
            if "discriminator" in schema:
                self.take_subtypes(file, name)
        return key

    def take_subtypes(self, file, base):
        for name, schema in self.file(file)["definitions"].items():
            bases = [each.get("$ref") for each in schema.get("allOf", [])]
            if "#/definitions/" + base in bases and schema.get("x-ms-discriminator-value", name) in TYPES:
                self.take(file, name)

    def prune(self, file, schema):
        kept = {}
        for key, value in schema.items():
            if key not in KEPT:
                continue
            if key == "$ref":
                value = self.reference(file, value)
            elif key == "properties":
                value = {name: self.prune(file, each) for name, each in value.items()}
            elif key == "items" or key == "additionalProperties" and isinstance(value, dict):
                value = self.prune(file, value)
            elif key == "allOf":
                value = [self.prune(file, each) for each in value]
            kept[key] = value
        return kept

    def answers(self, file, operation):
        """status -> name of a definition, or null where there is no body."""
        found = {}
        for status, response in operation["responses"].items():
            schema = response.get("schema")
            found[status] = self.reference(file, schema["$ref"]) if schema else None
        return found

    def paths(self, file):
        found = {}
        for path, methods in self.file(file)["paths"].items():
            if PATHS.search(path):
                kept = METHODS_OF_WORKSPACE if WORKSPACE.search(path) else methods.keys() - {"parameters"}
                found[re.sub(r"\{[^}]*\}", "{}", path)] = {m: self.answers(file, methods[m]) for m in sorted(kept) if m in methods}
        return found

    def supplements(self):
        return {path: {method: {status: self.reference("", ref) for status, ref in answers.items()} for method, answers in methods.items()}
                for path, methods in SUPPLEMENTS.items()}


def renamed(value, names):
    """A copy in which each name of a definition is replaced."""
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def merge(definitions):
    """name -> the first of its equals: what is the same in several versions is kept once. All that are called alike are taken to be the
    same until their texts differ."""
    same = {}
    for name in definitions:
        same[name] = next(each for each in definitions if each.split(":")[1] == name.split(":")[1])
    while True:
        texts = {name: json.dumps(renamed(schema, same), sort_keys=True) for name, schema in definitions.items()}
        refined = {name: next(each for each in definitions if same[each] == same[name] and texts[each] == texts[name])
                   for name in definitions}
        if refined == same:
            return same
        same = refined


def short(file):
    """"2021-01-01", "v3": enough to tell definitions apart."""
    return os.path.basename(os.path.dirname(file))


def write(value, file, depth):
    """JSON with a line for each path and each definition, so that a change of one shows as such."""
    if depth == 0 or not isinstance(value, dict):
        return json.dump(value, file, separators=(",", ":"))
    for i, (name, each) in enumerate(value.items()):
        file.write("%s%s:" % (",\n" if i else "{\n", json.dumps(name)))
        write(each, file, depth - 1 if name != "versions" else depth)
    file.write("\n}")


def main(folder):
    extract = Extract(os.path.join(folder, "specification"))
    versions = {version: extract.paths(os.path.join(PROVIDER, file)) for version, file in VERSIONS.items()}
    supplements = extract.supplements()
    same = merge(extract.definitions)
    result = {
        "source": "Azure/azure-rest-api-specs, MIT licence (Microsoft); made by spec/specification/extract.py",
        "versions": renamed(versions, same), "supplements": renamed(supplements, same),
        "definitions": {name: renamed(schema, same) for name, schema in extract.definitions.items() if same[name] == name},
    }
    write(result, sys.stdout, 2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
