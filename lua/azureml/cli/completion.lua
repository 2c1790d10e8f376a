--- azureml completion: print a shell's completion script. The scripts ask the command
--- `azureml completion words` for candidates, so that they know every command, option and value.
local candidates = require "azureml.cli.candidates"

local completion = {}

local SCRIPTS = {
  bash = [=[
# bash completion for azureml: source it, or install it as bash-completion/completions/azureml
_azureml() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${1:-azureml}" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _azureml azureml
]=],
  zsh = [=[
#compdef azureml
# zsh completion for azureml: install it as _azureml in a directory of fpath
_azureml() {
  local line
  local -a found
  for line in ${(f)"$(azureml completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  if (( $#found )); then _describe azureml found; else _files; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _azureml "$@"
else
  compdef _azureml azureml
fi
]=],
  fish = [=[
# fish completion for azureml: install it as vendor_completions.d/azureml.fish
function __azureml_words
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  azureml completion words -- $words[2..-1] "$current" 2>/dev/null
end
complete -c azureml -a '(__azureml_words)'
]=],
}

completion.subcommands = {}

for shell, script in pairs(SCRIPTS) do
  completion.subcommands[shell] = {
    summary = "print the completion script for " .. shell,
    configure = function() end,
    run = function() print((script:gsub("\n$", ""))) end,
  }
end

local words = { summary = "print the candidates for the last word of a command line" }

function words.configure(parser)
  parser:argument("words", "the words behind azureml"):args "*"
end

function words.run(args)
  for _, candidate in ipairs(candidates.of(args.words)) do
    print(candidate.word .. "\t" .. candidate.text)
  end
end

completion.subcommands.words = words

return completion
