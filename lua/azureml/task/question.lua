--- What the core asks of us: a token or an assertion that a script's function finds, a text to be
--- shown, a page to be opened. Each question is answered in a coroutine of its own, which may wait;
--- task/init.lua runs it.
local core = require "azureml.core"
local errors = require "azureml.error"

local question = {}

local function print_message(asked)
  io.stderr:write(asked.message, "\n")
  return {}
end

-- What BROWSER names first, or the desktop's own. The address is told as well: nobody can see whether a page appeared.
local function open_page(asked)
  local program = (os.getenv "BROWSER" or ""):match "^[^:]+" or "xdg-open"
  local started = core.launch(program, asked.url)
  io.stderr:write(started and "A browser is opened to sign in. If none appears, open this page on this machine:" or
    "Open this page in a browser on this machine to sign in:", "\n", asked.url, "\n")
  return {}
end

-- Who answers where the credential names nobody.
local answers = { show = print_message, open = open_page }

--- Answer one: what the core takes for an answer, { text, expires_in, refresh_in }. Raises what the function raises.
---@param kind string           "token", "assertion", "show", "open"
---@param asked table           what the question says, by name; see csrc/aml.h
---@param handler? fun(asked: table): table     the credential's own; it returns an answer, or nil and why it does not apply here
---@return table? answer, table? refusal        one of the two
function question.answer(kind, asked, handler)
  local f = handler or answers[kind]
  if not f then
    return nil, { code = "NobodyAnswers", message = ("nobody is left who could answer a question of kind '%s'"):format(kind) }
  end
  local answer, reason = f(asked)
  if answer ~= nil then return answer end
  return nil, { code = "CredentialUnavailable", unavailable = true, message = tostring(reason or "the function gave nothing") }
end

--- How the core is told of what a function raised: by its message, without a traceback.
---@param raised any
---@return table refusal
function question.refusal(raised)
  if errors.is(raised) then return { code = raised.code, message = raised.message } end
  return { code = "CredentialFunctionFailed", message = "the credential's function failed: " .. tostring(raised) }
end

return question
