// What looks like an error and is none. Phrases are removed before the other rules look; a line that is benign as a whole ends the search.

/** Counts of nothing, empty error fields, and names that contain an error's word. Matched against the text in lower case. */
export const benignPhrases: readonly RegExp[] = [
  /(?<![\d.:,-])\b(?:0|no|zero|without(?: any)?) (?:(?!such|matching|more|longer|space)\w+ ){0,2}?(?:errors?|failures?|failed|faults?|problems?|warnings?|vulnerabilities|crash(?:es)?|conflicts|issues|corrupt(?:ed)?|broken|leaks|missing|rejected|dropped|retries|timeouts|denied|lost)(?:\(s\))?\b/g,
  /\b(?:errors?|failures?|failed|unreachable|failed shuffles|corruption|crashes|timeouts?|rejected|dropped|overruns|bad records|oomkilled|err|last_error|unhealthy|degraded|infected files|sentry errors)["']?\s{0,12}[=:]\s{0,12}["']?(?:0|none|null|nil|<nil>|false|""|''|\[\]|\{\}|no\b(?=\s*(?:$|[,;}])))(?![\w.])|\bfail 0$/g,
  /\b(?:error|fail(?:ure)?|fatal|panic|crash|exception|oops)[_-](?:handler|handling|log|logs|page|pages|report|reports|reporter|reporting|level|rate|threshold|budget|count|code|codes|stack|prone|timeout|message|messages|detector|injection|middleware|listener|boundary|chain|over|fast|safe|early|test|tests|mapper|controller)s?\b/g,
  /\b(?:error|failure|crash|exception|panic) (?:handlers?|handling|middleware|listener|reporting|reporter|reports?|mapper|page|budget|rate|log|threshold|controller|boundary|messages (?:from|loaded))\b/g,
  /\b(?:max|maximum|min|num|total|ignore|allow|on|stop|fail|last|error|no)[_.-]?(?:\w+[_.-])?(?:errors?|failures?|failed|fails|retries|timeouts?|early|stop|retry)\b/g,
  /\b(?:lib|perl|python3?|node|php|ruby|go|eslint-plugin|pytest|gem)-?[\w.-]*(?:error|errno|fail|exception|panic|retry|timeout)[\w.-]*\b/g,
  /[\w./-]*\b\w*(?:error|fail|panic|crash|exception)s?\w*\.(?:ts|js|tsx|jsx|py|rs|go|java|c|cpp|o|h|html|log|csv|json|md|rb|php|txt|whl|crate)\b(?!:\d)/g,
  /(?<=\s|^)--?[\w-]*(?:error|fail|panic|crash)[\w-]*/g,
  /\b(?:error|err)\s*[=:]\s*\d*\.\d+(?:e-?\d+)?\b|\b(?:warning|warn|critical|alert|error)(?: threshold| level| limit)?[ =:(]{1,3}\d+(?:\.\d+)? ?%/g, // a measured error, and limits in percent
  /\btls handshake(?:,| completed| finished)/g,
  /\ballocation failure\) \[ps|\bgc \(allocation failure\)/g,
  /\bcaller indicates that this is not a failure\b/g,
  /\bbiased? error\b|\b(?:mean|squared|absolute|training|validation|root mean square|rounding|round-off|standard|reconstruction) (?:\w+ )?errors?\b/g,
];

/** Lines of these forms report no error, whatever words they contain. Each id says what the line is. */
export const benignLines: Readonly<Record<string, RegExp>> = {
  'passed-test': /^\s*(?:\u2713|\u2714|\u221A|ok \d+|pass(?:ed)?\b|--- pass|=== run|\[ +ok +\]|\[ +passed +\]|\u2022 )|\.\.\. ?ok\s*$|^(?:\S+|.*\)) pass(?:ed)?\s*(?:\[ *\d+%\])?\s*(?:\(.*\))?$|^test \S+ \.\.\. ignored/,
  'all-passed': /^(?!.*\b[1-9]\d* (?:\w+ )?(?:errors?|failed|failures))(?!.*\b(?:failed|errors?|failures)[:=] ?[1-9]).*(?:(?<![\d.:])\b(?:0|no) fail(?:ed|ures?)\b|\b100% tests passed\b|\b\d+ passed\b)|\bbuild success|\btest result: ok\b|\bok \(\d+ tests|^pass\b|^ok\s+\t?\S+\s+[\d.]+m?s\b|\bexpected failures=\d/,
  'deprecation': /^(?!.*\b\w*error: ).*\bdeprecat(?:ed|ion|ionwarning)\b|\bexperimental(?:warning| feature)?\b|\bend of its life\b|\bfuturewarning\b|\buserwarning: the given\b/,
  'package-progress': /^(?:\s|=+>|->)*(?:compiling|downloaded|downloading|collecting|installing|installed|setting up|unpacking|preparing to unpack|selecting previously|processing triggers|get:\d+|hit:\d+|fetched|using cached|requirement already|successfully (?:installed|built|uninstalled)|restored|updating|locking|adding|extracting|upload(?:ing)?:?|copying|pulling|building (?:c|cxx|wheel)|added \d+|resolved \d+|audited|bundle complete|=> cached|go: downloading|selecting|uninstalling|generating|restoring|linking|installing collected)\b(?!.*\b(?:failed|error:|fatal|refused|denied|timed out|no space))/,
  'compiler-progress': /^\[ *\d+%\] (?:building|built|linking|generating)|^(?:gcc|g\+\+|cc|clang|ld|ar) -|^checking (?:for|whether|how|if) .*\.\.\. ?\S+( .*)?$|^-- (?:looking for|performing test|found|configuring|detecting|check|generating|build files)|^make(?:\[\d+\])?: (?:entering|leaving|nothing)|: warning: (?:unused|unreachable|variable|comparison|implicit)|^warning: (?:unused|field|variable|function|`\S+` \()/,
  'help-text': /^\s{1,8}-{1,2}[a-z][\w-]*[ ,=]|^\s{2,}--[a-z]|^\s*usage: (?![^]*\berror\b)/,
  'setting': /^\s*#?\s*(?:\w+[_-])+\w*(?<!error|exception)\s*[=:]\s*["']?[\w./-]+["']?;?\s*$|^(?:\w+: )?(?:[\w.]+=[\w.-]+[ ,]*){2,}$|^\s*-xx:|^command line: |^\s*[a-z_]+ [a-z_]*(?:error|timeout|fail)[\w ]*(?:http_\d+|[\w./]+);$|^\s*(?:on|if)_\w+: |^set \w+ to \w+ when\b/,
  'success': /(?<!\b(?:not|never|n't|could not be|cannot be|to be)\s(?:\w+\s)?)\b(?:succeeded|successfully|recovered|re-?established|reconnected|is reachable again|restored|(?<!un)healthy|all checks green|has been (?:resolved|fixed)|completed? normally|(?:checks?|tests?|validation) passed)\b(?!.*\b(?:but|however|failed|error|not)\b)|\b(?:verification|authentication|login|auth|handshake) (?:succeeded|successful|completed)\b|\bcompleted without error|\bresolved \w+(?:rate|alert)|\bwas handled\b|\bis (?:not needed|inactive|valid|ok)\b|\bsyntax is ok\b|\btest is successful\b/,
  'corrected': /\b(?:detected and corrected|error corrected|corrected error|errors? corrected|correctable errors? (?:collector|count)|attempting to correct|corrected\b.*\bparity|parity error corrected)/,
  'access-log': /\b(?:get|post|put|patch|delete|head|options) \S+ http\/[\d.]+"? (?:status: )?(?:[123]\d\d|404|405|304)\b|^(?:get|post|put|patch|delete|head) \/\S* (?:[123]\d\d|404)\b/,
  'exit-zero': /\bexit(?:ed)?(?: with)?(?: code| status| value)?[ :=]*0\b|\bnormal exit\b|\bexited normally\b|\bsigterm\b.*\bexiting\b|\bdeactivated successfully\b/,
  'source-code': /^\s*(?:import|from|raise|throw|return|catch|except|try|if|const|let|var|def|function|class|rescue_from|insert into|drop index|select .* from|copy \d+|file "\S+", line \d+, in \S+$)\b[^:]*$|^\s*file "[^"\n]+", line \d+, in \S+$|\bselect\b.*\bfrom\b.*\b(?:errors?|failures?|\w+_log)\b/,
  'documentation': /^(?:see|refer to|check|the function|this function|the method) .*\b(?:section|manual|documentation|returns?|docs)\b|\bif (?:this|it) fails\b|\berrors are (?:written|logged|reported|sent)\b/,
  'ran-as-designed': /\b(?:opened|registered|initiali[sz]ed|started|mapped|subscribed|registering|enabled|configured|created|writing|added) (?:[\w"'/.-]+ ){0,4}["'/]?\w*(?:error|exception|failure|crash|panic|sigsegv)\w*["'/]?(?:\s|$)(?!.*\b(?:failed|cannot|could not|occurred)\b)|\bchaos\b|\bsimulat(?:ing|ed)\b|\binjected\b|\bcrash (?:recovery|reports?|reporting|kernel|test)\b|\breset failed state\b/,
  'version-or-banner': /^\S+ version \d|\bready for connections\b|(?<!already )\blistening (?:on|at)\b(?!.*(?:denied|in use|failed))|\bserver (?:started|listening)\b|\bstarted (?:on|in) \S+$|\bapplication startup complete\b/,
  'git': /^(?:remote: (?:counting|compressing|total|enumerating)|already up to date|everything up-to-date|cloning into|switched to|\[\S+ [0-9a-f]{7,}\] |commit [0-9a-f<]|hint: )|^ \d+ files? changed/,
  'optional': /\boptional\b[^\n]{0,40}\bnot (?:installed|found|available)|\bnot found in cache\b|\bfeatures? disabled\b|\bdelaying package configuration|^n: |\bchecking for \S+\.\.\. not found/,
  'unsigned-module': /\bmodule verification failed: signature and\/or required key missing\b/, // the kernel loads it, and notes that
  'journal-starting': /\bfailed to connect std(?:out|err) to the journal socket, ignoring\b/, // early in the boot; what the unit writes goes to the kernel's log until the journal runs
  'task-name': /^(?:task|step|stage|play|job|##\[group\]run) ?[[:]?[^\n]*\bif\b/,
  'reported-for-unit': /^[\w.@\\-]+\.slice: a process of this unit has been killed by the oom killer/, // systemd repeats it for each slice above the unit
  'skipped': /^(?:skipping|skipped|skip)\b|\bskipping (?:optional|unreadable|\[)|\bwas skipped\b|\bcondition check resulted in\b/,
  'fallback': /\b(?:falling back|fallback|fall back) (?:to|on)\b(?!.*\b(?:fatal|abort))(?<!\b(?:denied|failed|refused|error)\b.*)|\busing (?:default|builtin|cached?|cpu|built-in)\b|\bdefaulting to\b|\b(?:this is|is) expected\b|\bnot an error\b|\bcan be (?:safely )?ignored\b/,
};
