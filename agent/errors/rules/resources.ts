// Evidence of resources that ran out: disk space and memory of the machine.
import { rulesOf, type Rule } from './rule.ts';

export const diskRules: readonly Rule[] = [
  ...rulesOf('DISK_FULL', 'certain', {
    'no-space': /\bwrote only \d+ of \d+ bytes|\bshort write\b|\bno space left on (?:device|volume)|\bno (?:usable|free|more|disk|available) space\b|\benospc\b(?![^\n]*file watchers)|\b(?:errno|os error|system error number)[ :=(]*-?28\b|\bstoragefull\b|\b(?:disk|volume|partition|device|file ?system|storage|table '[^']*') (?:is |are )?(?:\w+ )?(?:full|out of space)\b(?! \w*scan)|\bdisk full\b|\bfilesystem out of space|\bout of (?:disk|data|storage)[ -]?space|\brun(?:ning)? out of (?:disk )?space\b|\bout of space\b|\bnt_status_disk_full\b|\bdiskoutofspace/,
    'not-enough': /\b(?:not enough|insufficient|don'?t have enough|no|low|estimated|minimum) (?:free )?(?:disk |drive |storage )?space\b(?! for [^\n]*object heap)(?!'? ?\(errno=12)|\b(?:free|disk) space\b[^\n]{0,30}\b(?:below|exhausted|insufficient|too low|needed)\b|\bminimum free drive threshold|\bnot enough space for compaction|\bclear up some disk space|\bspace exceeded\b|\binsufficient space\b/,
    'quota': /\b(?:disk|diskspace|block|file ?system|home)\b[^\n]{0,30}\bquota\b(?! mode)[^\n]{0,20}\b(?:exceeded|reached|full)|\bquota\b[^\n]{0,40}\b(?:disk|file ?system|\/home|block limit|exceeded on \/)|\bdisk quota exceeded|\bdsquotaexceeded|\b(?:errno|os error)[ :=(]*122\b/,
    'watermark': /\b(?:flood[- ]stage|high|low) (?:disk )?watermark\b(?![^\n]*\bset\b)|\bdisk usage exceeded|\bdisk[- ]?pressure\b|\bephemeral-storage\b|\bdisk resource limit|\bspace above threshold|\bspace(?: usage)?\b[^\n]{0,24}\bover threshold|\bdisk usage over threshold|\bdisk \S+ is 100%|\bdisk usage 100%|\b100% used\b/,
    'inodes': /\bno inodes left|\binode usage 100%|\bdirectory index full|\bout of inodes|\bno free inodes/,
  }),
];

export const memoryRules: readonly Rule[] = [
  ...rulesOf('OUT_OF_MEMORY', 'certain', {
    'oom-killer': /\boom[-_ ]?kill(?:er|ed|_event)?\b(?![^\n]*false)|\bout of memory: kill|\binvoked oom-killer|\boom_reaper\b|\boom_memcg\b|\bmemory cgroup out of memory|\bcgroup ran out of memory|\bkilled\b[^\n]{0,40}\b(?:memory (?:pressure|exhaustion|limit|usage)|out of memory|low on memory)|\bearlyoom\b[^\n]*\bsigterm|\bsystem oom\b/,
    'out-of-memory-certain': /(?:^|[:\]] )out of memory\b(?! while trying to allocate \d+ bytes on device)/,
    'cannot-allocate': /\bcannot allocate memory|\bcan'?t allocate memory|\b(?:could not|cannot|failed to|unable to) (?:allocate|reserve|alloc)\b(?! resources)(?![^\n]*\bgpu\b)(?![^\n]*cuda)|\b(?:errno|os error|error code)[ :=(]*12\b|\benomem\b|\bmemory allocation of \d*[^\n]{0,20}failed|\ballocation fail(?:ed|ure)\b|\bfailed to allocate\b|\bmmap(?:\([^)]*\))? failed; errno 12|\bvirtual memory exhausted|\bmemory exhausted\b|\bmalloc of size|\bbad_alloc\b|\bout of memory allocating/,
    'heap': /\boutofmemoryerror\b(?![^\n]*cuda)|\boutofmemoryexception|\bheap out of memory|\bjava heap space|\bgc overhead limit|\b(?:heap|swap) (?:space )?(?:is )?exhausted|\bheap limit\b|\breached heap limit|\bnomemoryerror|\bmemoryerror\b|\barraymemoryerror|\bobject heap\b|\bworker_out_of_memory|\bprocess out of memory|\bout of memory in|\bjs heap\b/,
    'limits': /\ballowed memory size\b|\b(?:exceed(?:ed|ing|s)?|reach(?:ed|ing)|over)\b[^\n]{0,30}\bmemory (?:limits?|budget|resource limit)|\bmemory limit\b[^\n]{0,20}\b(?:exceeded|reached)|\bmemory resource limit|\b(?:node was low on|running low on) (?:resource: )?memory|\blow on resource: memory|\binsufficient memory\b|\bmaxmemory\b[^\n]{0,4}\.|\bused memory > 'maxmemory|\bcircuit_breaking|\bdata too large, data for|\brequires more system memory|\bout of shared memory\b|\bshared memory is exhausted|\bnot enough memory\b|\bmemory is exhausted/,
    'exit-137': /\b(?:exit(?:ed)?(?: with)?(?: code| status)?|exit code is)[ :=]*137\b|\bsigkill! perhaps out of memory|\(signal: 9, sigkill|\bcc1plus\b[^\n]*\bkilled|\bkilled\b[^\n]*\bcc1plus/,
  }),
  ...rulesOf('OUT_OF_MEMORY', 'likely', {
    'out-of-memory': /\bout[- ]?of[- ]?memory\w*|\bran out of (?:memory|ram)\b|\blow memory!|\boom\b(?!_score)[^\n]{0,40}\b(?:allocat|tensor|command|error)|\bno_memory\b|\bmemory pressure\b|\bpage allocation failure|\b(?:signal: 9|sigkill)\b[^\n]{0,12}\bkill\b|\bexceeds? \d+% of free system memory and fails/,
  }),
];
