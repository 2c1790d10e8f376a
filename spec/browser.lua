--- Drive Debian's chromium, headless, over WebDriver, with our own client. A browser has a home of
--- its own, and ends with everything that it has started.
local azureml = require "azureml"
local core = require "azureml.core"
local json = require "azureml.json"
local process = require "spec.process"
local programs = require "azureml.tool.process"

local browser = {}

local PATIENCE = 20      -- seconds for which a condition may stay false
local ATTEMPTS = 10      -- to find and use an element that the page draws anew

local Browser = {}
Browser.__index = Browser

-- The sandboxes of chromium need rights that root and containers lack. It loads our own page only.
local ARGUMENTS = {
  "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--force-device-scale-factor=1",
}

local function capabilities()
  return {
    capabilities = { alwaysMatch = {
      browserName = "chrome",
      ["goog:loggingPrefs"] = { browser = "ALL", performance = "ALL" },
      ["goog:chromeOptions"] = { binary = "/usr/bin/chromium", args = json.array(ARGUMENTS) },
    } },
  }
end

-- Start chromedriver and wait until it answers.
local function start(directory, port)
  local program = programs.start {
    argv = { "/usr/bin/chromedriver", "--port=" .. port },
    environment = { PATH = os.getenv "PATH", HOME = directory, XDG_CONFIG_HOME = directory,
      XDG_CACHE_HOME = directory, TMPDIR = directory, LANG = "C.UTF-8", TZ = "Europe/Amsterdam" },
    output = directory .. "/driver.log", errors = directory .. "/driver.errors", kept = true,
    grace = 1,
  }
  local client = azureml.client { endpoint = "http://127.0.0.1:" .. port, retry = { tries = 0 } }
  local deadline = core.now() + PATIENCE
  local status
  repeat
    if status == nil then azureml.sleep(0.03) end
    status = azureml.try(client.request, client, { path = "/status" })
  until status or core.now() > deadline
  return program, assert(client, "chromedriver does not answer")
end

--- Open a browser.
---@return table browser      ends with its scope
function browser.open()
  local directory = process.directory()
  local program, client = start(directory, process.free_port())
  local self = setmetatable({ directory = directory, program = program, client = client }, Browser)
  local reply = client:request { method = "POST", path = "/session", body = capabilities(),
    timeout = 60 }
  self.session = "/session/" .. reply.json.value.sessionId
  self:resize(1440, 900)
  return self
end

--- Send a command of WebDriver to the session.
---@return any value
function Browser:ask(method, path, body)
  local reply = self.client:request {
    method = method, path = self.session .. path, timeout = 60,
    body = method == "POST" and json.encode(body or {}) or nil,
    headers = { ["Content-Type"] = "application/json" },
  }
  return json.get(reply.json, "value")
end

function Browser:resize(width, height)
  self:ask("POST", "/goog/cdp/execute", { cmd = "Emulation.setDeviceMetricsOverride", params = {
    width = width, height = height, deviceScaleFactor = 1, mobile = false } })
end

--- Let the page believe that the user prefers dark colours, or light ones.
function Browser:prefer(scheme)
  self:ask("POST", "/goog/cdp/execute", { cmd = "Emulation.setEmulatedMedia", params = {
    features = json.array { { name = "prefers-color-scheme", value = scheme } } } })
end

function Browser:go(url)
  self:ask("POST", "/url", { url = url })
end

--- Run a script in the page; it gets `arguments` and returns a value.
function Browser:run(script, ...)
  return self:ask("POST", "/execute/sync", { script = script, args = json.array { ... } })
end

local UNTIL = [[
const [expression, patience, values, done] = arguments;
const test = new Function("$", "$$", "values", "return (" + expression + ")");
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const limit = performance.now() + patience * 1000;
(function look() {
  let value;
  try { value = test(one, all, values); } catch (error) { value = undefined; }
  if (value || performance.now() > limit) done(value ?? null);
  else setTimeout(look, 20);
})();
]]

--- Wait until an expression of the page is true. In it, `$` finds an element, `$$` a list of them.
---@param expression string
---@param ... any          are `values` in the expression
---@return any value
function Browser:wait(expression, ...)
  self:ask("POST", "/timeouts", { script = (PATIENCE + 10) * 1000 })
  local value = self:ask("POST", "/execute/async", {
    script = UNTIL, args = json.array { expression, PATIENCE, json.array { ... } } })
  if value == nil or value == json.null or value == false then
    local shown = self:run "return document.body.innerText"
    error(("the page never came to: %s %s\n%s"):format(expression,
      json.encode(json.array { ... }), shown), 2)
  end
  return value
end

local ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

local function element(self, selector)
  return self:ask("POST", "/element", { using = "css selector", value = selector })[ELEMENT]
end

-- Find an element and do something with it. The page may draw it anew in between, or take it away:
-- WebDriver answers 404, nothing is done, and both are tried again.
local function with_element(find, act)
  for _ = 1, ATTEMPTS do
    local done, err = azureml.try(function()
      act(find())
      return true
    end)
    if done then return end
    if err.status ~= 404 then error(err, 0) end
  end
  error("the page draws the element anew each time that it is found", 2)
end

function Browser:find(selector)
  self:wait("$(values[0])", selector)
  return element(self, selector)
end

local function click(self)
  return function(id) self:ask("POST", "/element/" .. id .. "/click", {}) end
end

--- Click as a user does: the element must be visible and in front.
function Browser:click(selector)
  with_element(function() return self:find(selector) end, click(self))
end

--- Click the first button or link with a label.
function Browser:press(label, within)
  with_element(function()
    self:wait([[(() => { const found = $$((values[1] || "") + " :is(button, a, label, summary)")
      .find((each) => each.textContent.trim() === values[0] && !each.disabled
        && each.getClientRects().length);
      document.querySelectorAll("[data-pressed]").forEach((each) => delete each.dataset.pressed);
      if (found) found.dataset.pressed = "yes"; return Boolean(found); })()]], label, within or "")
    return element(self, "[data-pressed=yes]")
  end, click(self))
end

--- Type into a field, in place of what is there.
function Browser:type(selector, text)
  with_element(function() return self:find(selector) end, function(id)
    self:ask("POST", "/element/" .. id .. "/clear", {})
    self:ask("POST", "/element/" .. id .. "/value", { text = text })
  end)
end

--- Press keys wherever the focus is.
function Browser:keys(text)
  local actions = json.array {}
  for _, code in utf8.codes(text) do
    actions[#actions + 1] = { type = "keyDown", value = utf8.char(code) }
    actions[#actions + 1] = { type = "keyUp", value = utf8.char(code) }
  end
  self:ask("POST", "/actions", { actions = json.array { { type = "key", id = "keyboard",
    actions = actions } } })
end

--- Choose an option of a select element by its text.
function Browser:choose(selector, text)
  self:find(selector)
  self:wait([[(() => { const select = $(values[0]);
    const found = [...select.options].find((each) => each.textContent === values[1]);
    if (!found) return false;
    select.value = found.value;
    for (const kind of ["input", "change"])
      select.dispatchEvent(new Event(kind, { bubbles: true }));
    return true; })()]], selector, text)
end

--- Return the text of the first element, as it is shown. Wait until the element is there.
function Browser:text(selector)
  return self:wait("$(values[0]) && { text: $(values[0]).innerText }", selector).text
end

local CONTROLS = {
  button = true, link = true, checkbox = true, radio = true, textbox = true, searchbox = true,
  combobox = true, switch = true, tab = true, spinbutton = true, dialog = true, listbox = true,
}

--- List the controls that have no name for a screen reader, as chromium computes it.
---@return string[]
function Browser:nameless()
  local tree, roles = self:ask("POST", "/goog/cdp/execute", {
    cmd = "Accessibility.getFullAXTree", params = json.decode_exact "{}" }), {}
  for _, node in ipairs(tree.nodes) do
    local role, name = json.get(node, "role", "value"), json.get(node, "name", "value")
    if not node.ignored and CONTROLS[role] and (name == nil or name == "") then
      roles[#roles + 1] = role
    end
  end
  return roles
end

local CONTRAST = [[
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = (top, under) => top.slice(0, 3).map((part, i) => part * top[3]
  + under[i] * (1 - top[3]));
function ground(element) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) {
    layers.push(rgba(getComputedStyle(each).backgroundColor));
  }
  return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
}
const light = (colour) => colour.map((part) => {
  const value = part / 255;
  return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
const faults = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  const isOff = element.closest(":disabled, option, datalist");
  if (!text || isOff || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const below = ground(element);
  const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) faults.add(`${text}: ${ratio.toFixed(2)}`);
}
return [...faults];
]]

--- List the texts whose contrast is below 4.5 (WCAG 2, level AA). Disabled controls do not count.
---@return string[]
function Browser:faint_texts()
  return self:run(CONTRAST)
end

--- Save a picture of what is shown.
function Browser:screenshot(path)
  local file <close> = assert(io.open(path, "wb"))
  file:write(core.crypto.from_base64((self:ask("GET", "/screenshot"):gsub("%s", ""))))
end

--- Return the entries of a log since the last call: "browser" or "performance".
function Browser:log(kind)
  return self:ask("POST", "/se/log", { type = kind })
end

--- Return the errors of the console since the last call, a line each.
function Browser:console_errors()
  local lines = {}
  for _, entry in ipairs(self:log "browser") do
    if entry.level == "SEVERE" then lines[#lines + 1] = entry.message end
  end
  return lines
end

--- Return the URLs that the pages asked for since the last call.
function Browser:requests()
  local urls = {}
  for _, entry in ipairs(self:log "performance") do
    local message = json.decode(entry.message)
    if json.get(message, "message", "method") == "Network.requestWillBeSent" then
      urls[#urls + 1] = json.get(message, "message", "params", "request", "url")
    end
  end
  return urls
end

--- Open another tab and go on in it. Return the handle of the tab before.
function Browser:new_tab()
  local before = self:ask("GET", "/window")
  self:ask("POST", "/window", { handle = self:ask("POST", "/window/new", { type = "tab" }).handle })
  return before
end

function Browser:switch(handle)
  self:ask("POST", "/window", { handle = handle })
end

function Browser:close()
  if self.session then azureml.try(self.client.request, self.client, { method = "DELETE",
    path = self.session }) end
  self.client:close()
  self.program:stop()
  self.program:wait_gone(PATIENCE)
  self.program:close()
  process.remove(self.directory)
end

Browser.__close = Browser.close

return browser
