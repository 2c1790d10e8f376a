--- What the help says about topics that concern every command: `azureml help TOPIC`, and sections
--- of the manual page.
local codes = require "azureml.guide.codes"
local exit_codes = require "azureml.cli.exit_codes"
local fields = require "azureml.definition.fields"
local help = require "azureml.console.help"
local surroundings = require "azureml.guide.surroundings"

local topics = {}

-- List the fields that a creation can set, with what each is.
local function settable()
  local rows = {}
  for _, row in ipairs(fields) do
    if row.path then rows[#rows + 1] = { row.name, row.doc } end
  end
  return rows
end

-- Return the paragraphs about errors: a list of codes for each group.
local function errors()
  local parts = {
    "The text of an error ends with its code in brackets, and a hint follows. 'azureml help CODE' "
      .. "says what to do. Azure has more codes than these; the error's message explains them.",
  }
  for _, group in ipairs(codes.groups) do
    parts[#parts + 1] = group.title .. ":"
    parts[#parts + 1] = group
  end
  return parts
end

--- The topics, in the order of the manual page.
topics.names = {
  "names", "output", "query", "environment", "files", "examples", "errors", "exit-codes",
}

--- What the manual page calls a topic, where it is not the topic's name.
topics.titles = { ["exit-codes"] = "exit status" }

-- Each topic is a list of paragraphs. A table is a list of labels and texts.
topics.texts = {
  names = {
    "Commands take the names of instances by position or with -n: 'azureml stop ann bob' is "
      .. "'azureml stop -n ann -n bob'.",
    "Commands for many instances also take filters, all of which must hold:",
    {
      { "--state STATE,...", "the instance is in one of these states" },
      { "--tags NAME=VALUE ...", "the instance has all of these tags" },
      { "--like PATTERN", "its name fits: 'ci-*'" },
      { "--mine", "the instance is assigned to you, or created by you and unassigned" },
      { "--created-by-me", "you created it, also for another user" },
      { "--older-than, --running-for", "it was created, or has run, at least so long: 8h, 2d" },
      { "--no-idle-stop", "it does not stop when it is idle" },
      { "--where EXPRESSION", "a Lua expression over the fields is true: tags.keep ~= \"on\"" },
      { "--all", "all instances of the workspace" },
    },
    "--all-workspaces reaches over all workspaces of the subscription, or of the group of -g. "
      .. "There 'team/ann' names an instance with its workspace.",
    "The workspace comes from -w, -g and --subscription, else from the variables "
      .. "AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP and AZUREML_ARM_WORKSPACE_NAME, else "
      .. "from a config.json in this directory or above, else from 'azureml config', else from the "
      .. "Azure CLI's defaults. A source is used only if it has all that is missing.",
  },
  output = {
    "Results go to standard output, messages and progress to standard error. The option -o "
      .. "selects the format of results:",
    {
      { "table", "columns for people, fitted to the terminal; the default" },
      { "json", "one JSON value: an array of objects, or an object" },
      { "jsonl", "an object in each line" },
      { "tsv", "values with tabs between them, without a header" },
      { "csv", "values with commas between them (RFC 4180), after a header" },
      { "yaml", "YAML" },
      { "markdown", "a table in Markdown" },
      { "name", "names alone, one in each line" },
      { "none", "nothing" },
    },
    "--columns FIELD,... selects fields, also inner ones such as tags.team. --sort FIELD,... "
      .. "sorts, FIELD:desc in descending order.",
    "An instance is a JSON object with these members, of which absent ones are left out. They are "
      .. "the fields of an instance in Lua. They stay as they are within a major version; a new "
      .. "version may add members:",
    {
      { "name, id, location", "texts" },
      { "state", "Running, Stopped, ...; while it is created, the provisioning state" },
      { "provisioning_state", "of the resource" },
      { "owner, created_by, assigned_to", "object ids" },
      { "created_by_name", "where the service tells it" },
      { "principals", "an array: object ids of its managed identities" },
      { "created_on, modified_on", "times in ISO 8601" },
      { "applications", "an object: jupyter, jupyter_lab and so on are URLs" },
      { "ssh", "an object: enabled, user, host, port, command" },
      { "public_ip_address, private_ip_address", "texts" },
      { "image_version, latest_image_version", "texts; is_latest_image compares them" },
      { "next_start, next_stop", "when its schedules act next, in ISO 8601" },
      { "last_operation", "an object: name, time, status, trigger" },
      { "errors", "an array, as the service sends them" },
    },
    "These members can also be set when an instance is created:",
    settable(),
    "A command for many instances prints an object for each: name, outcome (done, accepted, "
      .. "skipped, planned, failed), reason, error and ticket. With -o json an error on standard "
      .. "error is an object with the member error, an object: code, message, status, "
      .. "request_id, target, hint, details.",
    "'azureml compute' and 'azureml computetarget' print the members of the Azure CLI.",
  },
  query = {
    "--query EXPRESSION prints what a JMESPath expression finds in the JSON of the results. The "
      .. "whole language is supported. Examples:",
    {
      { "[].name", "the name of each result" },
      { "[?state=='Running'].name", "of those that run" },
      { "[?tags.team=='vision']", "a filter with a tag" },
      { "[].{Name:name, Size:vm_size}", "columns with titles of your own" },
      { "length([?state=='Running'])", "how many run" },
      { "sort_by([], &created_on)[-1]", "the newest" },
    },
    "Texts stand in single quotes, so the shell needs double quotes around the expression.",
  },
  environment = {
    "azureml reads these environment variables:",
    surroundings.environment,
  },
  files = {
    "XDG_CONFIG_HOME, XDG_CACHE_HOME and XDG_STATE_HOME move what is below ~/.config, ~/.cache and "
      .. "~/.local/state:",
    surroundings.files,
  },
  examples = {
    "The life of an instance:",
    {
      { "azureml create ci-ann --size STANDARD_DS3_V2", "create it and wait until it runs" },
      { "azureml ensure ci-ann --size STANDARD_DS3_V2", "the same, or take the one that is there" },
      { "azureml stop ci-ann", "stop it; its disk stays" },
      { "azureml resize ci-ann --size STANDARD_DS11_V2 --stop", "give it another size" },
      { "azureml delete ci-ann --yes", "delete it and its disk" },
    },
    "Many instances:",
    {
      { "azureml list --state Running -o json", "list those that run, as JSON" },
      { "azureml stop --state Running --where 'tags.keep ~= \"on\"'",
        "stop them, but for those that are marked" },
      { "azureml plan team.yml; azureml apply team.yml", "compare with a file, then change" },
      { "azureml cost --all-workspaces", "what they cost" },
    },
    "From cron or a pipeline:",
    {
      { "azureml --summary run.json run nightly", "write what became of each instance, as JSON" },
      { "azureml --prometheus nightly.prom run nightly", "write metrics for node_exporter" },
    },
    "Without an Azure account:",
    {
      { "azureml --emulator run lifecycle", "run a workflow against the emulator" },
      { "azureml emulator --port 8080", "serve it to any client on this machine" },
    },
  },
  errors = errors(),
  ["exit-codes"] = {
    "Every command ends with one of these codes:",
    exit_codes.meanings,
    "'ssh' and 'exec' pass on the code of the remote command. A command for many instances ends "
      .. "with 1 when some failed, with 5 when all that failed have timed out.",
  },
}

--- Return the text about a topic.
---@param name string
---@param width integer      in columns
---@return string
function topics.text(name, width)
  local parts = {}
  for i, part in ipairs(topics.texts[name]) do
    local is_list = type(part) == "table"
    parts[i] = is_list and help.list(part, width) or table.concat(help.wrap(part, width), "\n")
  end
  return table.concat(parts, "\n\n")
end

return topics
