// Make swaggers for oav out of the project's extract of Microsoft's specifications: one file for
// each api-version, with the paths, the answers and the definitions that they reach.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PROVIDER = ["specification", "machinelearningservices", "resource-manager",
  "Microsoft.MachineLearningServices"];

const named = (name) => name.replace(":", ".");

// A schema with references as a swagger writes them.
function converted(schema) {
  if (Array.isArray(schema)) return schema.map(converted);
  if (schema === null || typeof schema !== "object") return schema;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) =>
    [key, key === "$ref" ? `#/definitions/${named(value)}` : converted(value)]));
}

const responsesOf = (answers) =>
  Object.fromEntries(Object.entries(answers).map(([status, name]) => {
    const schema = name && { $ref: `#/definitions/${named(name)}` };
    return [status, { description: status, ...(schema && { schema }) }];
  }));

// The paths of a version with a name for each placeholder.
function pathsOf(paths, version) {
  const result = {};
  let count = 0;
  for (const [template, methods] of Object.entries(paths)) {
    let place = 0;
    const path = template.replaceAll("{}", () => `{name${place += 1}}`);
    const parameters = Array.from({ length: place }, (_, index) =>
      ({ name: `name${index + 1}`, in: "path", required: true, type: "string" }));
    parameters.push({ name: "api-version", in: "query", required: true, type: "string" });
    result[path] = {};
    for (const [method, answers] of Object.entries(methods)) {
      count += 1;
      result[path][method] = {
        operationId: `Answers_${version.replaceAll("-", "")}${count}`,
        description: template, parameters, responses: responsesOf(answers),
      };
    }
  }
  return result;
}

// Write the swaggers below a folder; return the versions.
export function specify(specification, folder) {
  const definitions = Object.fromEntries(Object.entries(specification.definitions).map(
    ([name, schema]) => [named(name), converted(schema)]));
  for (const [version, own] of Object.entries(specification.versions)) {
    const paths = { ...specification.supplements, ...own };
    const kind = version.endsWith("-preview") ? "preview" : "stable";
    const directory = join(folder, ...PROVIDER, kind, version);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "machineLearningServices.json"), JSON.stringify({
      swagger: "2.0", info: { title: "the compute part", version }, host: "management.azure.com",
      schemes: ["https"], consumes: ["application/json"], produces: ["application/json"],
      paths: pathsOf(paths, version), definitions,
    }));
  }
  return Object.keys(specification.versions);
}
