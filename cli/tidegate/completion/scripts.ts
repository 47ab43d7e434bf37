// Scripts for shells: each calls `tidegate __complete` with the words before the cursor. Where no `tidegate` is on the PATH, that of the
// project is called, and `npx tidegate` is completed, too.

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The nearest tidegate of a project, for bash and zsh. */
const FIND = `_tidegate_run() {
  local folder="$PWD"
  if command -v tidegate >/dev/null 2>&1; then command tidegate "$@"; return; fi
  while :; do
    if [ -x "$folder/node_modules/.bin/tidegate" ]; then "$folder/node_modules/.bin/tidegate" "$@"; return; fi
    [ -z "$folder" ] && return 1
    folder="\${folder%/*}"
  done
}`;

const BASH = `# Completion of tidegate for bash
${FIND}
_tidegate() {
  local first=1 line
  [ "\${COMP_WORDS[0]}" = npx ] && first=2
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(_tidegate_run __complete -- "\${COMP_WORDS[@]:first:COMP_CWORD-first+1}" 2>/dev/null)
}
_tidegate_npx() {
  COMPREPLY=()
  [ "\${COMP_WORDS[1]}" = tidegate ] && [ "$COMP_CWORD" -gt 1 ] && _tidegate
}
complete -o default -F _tidegate tidegate
complete -p npx >/dev/null 2>&1 || complete -o default -F _tidegate_npx npx
`;

const ZSH = `#compdef tidegate
# Completion of tidegate for zsh
${FIND}
_tidegate() {
  local -a lines values
  local line first=2
  [[ \${words[1]} == npx ]] && first=3
  lines=("\${(@f)$(_tidegate_run __complete -- "\${(@)words[first,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    [[ -n $line ]] && values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#values} )); then _describe 'tidegate' values; else _files; fi
}
_tidegate_npx() {
  if [[ \${words[2]} == tidegate ]] && (( CURRENT > 2 )); then _tidegate; else _files; fi
}
if [[ \${funcstack[1]} == _tidegate ]]; then
  _tidegate "$@"
else
  compdef _tidegate tidegate
  (( \${+_comps[npx]} )) || compdef _tidegate_npx npx
fi
`;

const FISH = `# Completion of tidegate for fish
function __tidegate_run
  if command -q tidegate
    command tidegate $argv
    return
  end
  set -l folder $PWD
  while true
    if test -x "$folder/node_modules/.bin/tidegate"
      "$folder/node_modules/.bin/tidegate" $argv
      return
    end
    test "$folder" = /; and return 1
    set folder (path dirname $folder)
  end
end
function __tidegate_complete
  set -l words (commandline -opc)
  set -l first 2
  test "$words[1]" = npx; and set first 3
  __tidegate_run __complete -- $words[$first..-1] (commandline -ct) 2>/dev/null
end
complete -c tidegate -a '(__tidegate_complete)'
complete -c npx -n 'test (count (commandline -opc)) -gt 1; and test (commandline -opc)[2] = tidegate' -a '(__tidegate_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
