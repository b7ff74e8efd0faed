// somnus completion: shell scripts that call `somnus __complete` for candidates.
import type { Cli } from '../command.ts';

export async function completion(cli: Cli, args: { shell: string }): Promise<void> {
  const script = scripts[args.shell] ?? '';
  cli.out.result({ shell: args.shell, script }, () => script.trimEnd());
}

// Takes the words up to the cursor from the line, since bash splits words at `:`; the part it has split off is not repeated.
const bash = `# somnus completion for bash
_somnus() {
  local line=\${COMP_LINE:0:COMP_POINT} words cur answer
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=\${words[-1]}
  COMPREPLY=()
  while IFS=$'\\t' read -r answer _; do
    case $answer in
      :files) compopt -o default ;;
      :nospace) compopt -o nospace ;;
      *) COMPREPLY+=("\${answer#"\${cur%"\${cur##*[:=]}"}"}") ;;
    esac
  done < <(somnus __complete "\${words[@]:1}" 2>/dev/null)
}
complete -F _somnus somnus
`;

const zsh = `#compdef somnus
# somnus completion for zsh
_somnus() {
  local line answer files nospace
  local -a answers texts
  while IFS= read -r line; do
    answer=\${line%%$'\\t'*}
    case $answer in
      :files) files=1 ;;
      :nospace) nospace=1 ;;
      *) answers+=("$answer"); texts+=("\${line/$'\\t'/  -- }") ;;
    esac
  done < <(somnus __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#answers} )) && compadd -l -d texts \${nospace:+-S ''} -- "\${answers[@]}"
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _somnus ]]; then _somnus "$@"; else compdef _somnus somnus; fi
`;

const fish = `# somnus completion for fish
function __somnus_answers
    set -l words (commandline -opc) (commandline -ct)
    somnus __complete $words[2..] 2>/dev/null
end
complete -c somnus -f
complete -c somnus -n 'not contains -- :files (__somnus_answers)' -a '(__somnus_answers | string match -v ":*")'
complete -c somnus -n 'contains -- :files (__somnus_answers)' -F -a '(__somnus_answers | string match -v ":*")'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };
