--- Answer the questions of the core: find a token or an assertion with a script's function, show a
--- text, open a page. task/loop.lua runs each answer in a coroutine of its own, which may wait.
local later = require "azureml.tool.later"
local browser = later "azureml.tool.browser"
local errors = later "azureml.error"

local question = {}

local function print_message(asked)
  io.stderr:write(asked.message, "\n")
  return {}
end

-- Open a page in the user's browser. Print the address as well: the page may not appear.
local function open_page(asked)
  io.stderr:write(browser.open(asked.url)
    and "A browser is opened to sign in. If none appears, open this page on this machine:"
    or "Open this page in a browser on this machine to sign in:", "\n", asked.url, "\n")
  return {}
end

-- The answers for credentials without a function of their own.
local answers = { show = print_message, open = open_page }

--- Answer a question of the core.
---@param kind string           "token", "assertion", "show", "open"
---@param asked table           the fields of the question; see csrc/aml.h
---@param handler? fun(asked: table): table  the credential's function; it returns an answer, or nil
---  and why the credential does not apply here
---@return table? answer        { text, expires_in, refresh_in }, as the core expects it
---@return table? refusal       instead of an answer: code, message, unavailable
---@raise the error of the handler
function question.answer(kind, asked, handler)
  local f = handler or answers[kind]
  if not f then
    return nil, {
      code = "NobodyAnswers",
      message = ("there is no function to answer a question of kind '%s'"):format(kind),
    }
  end
  local answer, reason = f(asked)
  if answer ~= nil then return answer end
  return nil, {
    code = "CredentialUnavailable", unavailable = true,
    message = tostring(reason or "the function returned nothing"),
  }
end

--- Convert an error of a function to a refusal for the core: its message, without the traceback.
---@param raised any
---@return table refusal
function question.refusal(raised)
  if errors.is(raised) then return { code = raised.code, message = raised.message } end
  return {
    code = "CredentialFunctionFailed",
    message = "the credential's function failed: " .. tostring(raised),
  }
end

return question
