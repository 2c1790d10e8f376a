"""Makes spec/fixtures/examples.json out of a folder of Microsoft's specifications: the requests of their examples that are about compute
instances, and what lies around them, with the statuses that the examples have for them.

    python3 spec/specification/examples.py FOLDER > spec/fixtures/examples.json
"""
import json
import os
import re
import sys

from extract import PATHS, PROVIDER, WORKSPACE

SWAGGERS = [
    "stable/2021-01-01/machineLearningServices.json",
    "preview/2021-03-01-preview/machineLearningServices.json",
    "stable/2025-12-01/machineLearningServices.json",
    "preview/2026-03-15-preview/openapi.compute.reconstructed.json",
]

COMPUTE = ("/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.MachineLearningServices"
           "/workspaces/{workspaceName}/computes/{computeName}")

# Examples that no swagger at hand refers to: file, what follows the compute, the parameter that is the body.
MORE = [
    ("stable/2025-12-01/examples/Compute/updateIdleShutdownSetting.json", "/updateIdleShutdownSetting", "parameters"),
    ("stable/2025-12-01/examples/Compute/updateCustomServices.json", "/customServices", "customServices"),
    ("stable/2025-12-01/examples/Compute/updateDataMounts.json", "/updateDataMounts", "dataMounts"),
    ("preview/2025-07-01-preview/examples/Compute/resize.json", "/resize", "parameters"),
    ("preview/2026-03-15-preview/examples/Compute/start.json", "/start", None),
]

# What the service refuses for instances. Source: spec/contract/compute-rest.md, sections 3.4, 3.7
# and 3.8.
NOT_OF_INSTANCES = re.compile(r"/(listNodes|listKeys)$")
OTHER_TYPES = re.compile(r"(AKS|Aml|Kubernetes|DataFactory)Compute")


def load(root, *path):
    with open(os.path.join(root, *path), encoding="utf-8-sig") as file:
        return json.load(file)


def request(file, example, method, path, body):
    parameters = example["parameters"]
    target = re.sub(r"\{([^}]*)\}", lambda found: parameters[found.group(1)], path)
    query = "?api-version=" + parameters["api-version"]
    if method == "DELETE":
        query += "&underlyingResourceAction=" + parameters["underlyingResourceAction"]
    made = {"example": file.replace("examples/", "").replace(".json", ""), "method": method, "target": target + query,
            "statuses": sorted(int(status) for status in example["responses"])}
    if body is not None:
        made["body"] = body
    return made


def requests_of(root, swagger):
    folder = os.path.dirname(swagger)
    for path, methods in load(root, swagger)["paths"].items():
        if not PATHS.search(path) or NOT_OF_INSTANCES.search(path):
            continue
        for method, operation in methods.items():
            if method in ("parameters", "patch") or WORKSPACE.search(path) and method != "get":
                continue
            for reference in operation.get("x-ms-examples", {}).values():
                file = os.path.join(folder, reference["$ref"].replace("./", ""))
                if os.path.exists(os.path.join(root, file)) and not OTHER_TYPES.search(file):
                    example = load(root, file)
                    yield request(file, example, method.upper(), path, example["parameters"].get("parameters"))


def main(folder):
    root = os.path.join(folder, "specification", PROVIDER)
    found = [each for swagger in SWAGGERS for each in requests_of(root, swagger)]
    for file, below, body in MORE:
        example = load(root, file)
        found.append(request(file, example, "POST", COMPUTE + below, example["parameters"].get(body) if body else None))
    unique = {each["example"]: each for each in found}
    print("[\n" + ",\n".join(json.dumps(each, separators=(",", ":")) for each in unique.values()) + "\n]")


if __name__ == "__main__":
    main(sys.argv[1])
