// Programs that start another program, as data: how to find that program among their arguments. Pure.

interface Wrapper {
  /** Options that take the next word as their value. */
  valued?: readonly string[];
  /** Words before the program that are not options, such as the duration of timeout. */
  skip?: number;
  /** Whether NAME=VALUE before the program sets a variable. */
  variables?: true;
  /** Options whose value is a command line for a shell. */
  line?: readonly string[];
  /** Words that must follow, as in `uv run`. */
  subcommand?: readonly string[];
}

const pythonRuns: Wrapper = { valued: ['-W', '-X'] };

const wrappers: Readonly<Record<string, Wrapper | readonly Wrapper[]>> = {
  sudo: { valued: ['-u', '-g', '-h', '-p', '-C', '-D', '-R', '-T', '-U', '--user', '--group', '--chdir'], variables: true },
  doas: { valued: ['-u', '-C'] },
  env: { valued: ['-u', '-C', '--unset', '--chdir'], variables: true, line: ['-S', '--split-string'] },
  timeout: { valued: ['-s', '-k', '--signal', '--kill-after'], skip: 1 },
  gtimeout: { valued: ['-s', '-k'], skip: 1 },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '--class', '--classdata'] },
  chrt: { skip: 1 },
  taskset: { valued: ['-p'], skip: 1 },
  numactl: {},
  nohup: {}, setsid: {}, time: { valued: ['-f', '-o'] }, command: {}, builtin: {}, exec: { valued: ['-a'] }, unbuffer: {}, catchsegv: {},
  stdbuf: { valued: ['-i', '-o', '-e'] },
  strace: { valued: ['-o', '-e', '-p', '-s', '-u'] }, ltrace: { valued: ['-o', '-e', '-p'] },
  watch: { valued: ['-n', '-d', '--interval'] },
  xargs: { valued: ['-n', '-P', '-I', '-d', '-L', '-s', '-a', '-E', '--max-args', '--max-procs', '--delimiter', '--replace'] },
  chroot: { skip: 1 },
  flock: { valued: ['-w', '-E', '--timeout'], skip: 1, line: ['-c'] },
  'systemd-run': { valued: ['-p', '-u', '--unit', '--property', '-E', '-M'] },
  'xvfb-run': { valued: ['-s', '-n', '-e', '--server-args'] },
  'dbus-run-session': {}, firejail: {}, fakeroot: {}, unshare: {}, ccache: {}, distcc: {}, 'systemd-inhibit': {}, 'cpulimit': { valued: ['-l', '-p'] },
  su: { line: ['-c', '--command'] }, runuser: { valued: ['-u', '-g'], line: ['-c', '--command'] }, script: { line: ['-c', '--command'] },
  'nix-shell': { line: ['--run', '--command'] }, 'nix': { subcommand: ['develop', 'shell'], line: ['-c', '--command'] },
  sh: { line: ['-c'] }, bash: { line: ['-c'] }, dash: { line: ['-c'] }, zsh: { line: ['-c'] }, ksh: { line: ['-c'] }, ash: { line: ['-c'] }, fish: { line: ['-c'] },
  busybox: {},
  python: pythonRuns, python3: pythonRuns,
  uv: { subcommand: ['run'], valued: ['--with', '--python', '-p', '--group', '--extra', '--env-file', '--project', '--directory'] },
  poetry: { subcommand: ['run'] }, pipenv: { subcommand: ['run'] }, pdm: { subcommand: ['run'] }, hatch: { subcommand: ['run'] }, rye: { subcommand: ['run'] }, pixi: { subcommand: ['run'] },
  conda: { subcommand: ['run'], valued: ['-n', '-p', '--name', '--prefix'] }, mamba: { subcommand: ['run'], valued: ['-n', '-p', '--name'] },
  bundle: { subcommand: ['exec'] }, npm: { subcommand: ['exec'] }, pnpm: { subcommand: ['exec'] }, yarn: { subcommand: ['exec'] },
};

const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ash', 'fish']);

export interface Unwrapped {
  /** The program with its arguments; the given words if it starts no other program. */
  words: readonly string[];
  /** A command line that it passes to a shell. */
  line?: string;
  /** Programs that it starts, to be unwrapped in turn. */
  commands: readonly (readonly string[])[];
}

/** Removes the first program from a command if it starts another one. */
export function unwrap(words: readonly string[]): Unwrapped {
  const [path = '', ...args] = words;
  const program = path.slice(path.lastIndexOf('/') + 1);
  if (program === 'find') return { words, commands: executedByFind(args) };
  if (/^python(?:3(?:\.\d+)?)?$/.test(program)) return pythonModule(words, args);
  const wrapper = Object.hasOwn(wrappers, program) ? wrappers[program] as Wrapper : undefined;
  if (wrapper === undefined) return { words, commands: [] };
  return startedBy(program, wrapper, words, args);
}

function startedBy(program: string, wrapper: Wrapper, words: readonly string[], args: readonly string[]): Unwrapped {
  const none: Unwrapped = { words, commands: [] };
  let at = 0;
  if (wrapper.subcommand !== undefined) {
    if (!wrapper.subcommand.includes(args[0] ?? '')) return none;
    at = 1;
  }
  let skip = wrapper.skip ?? 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (isLineOption(program, wrapper, arg)) return { words, line: args[at + 1] ?? '', commands: [] };
    if (arg === '--') {
      at += 1;
      break;
    }
    if (wrapper.valued?.includes(arg) === true) at += 1;
    else if (arg.startsWith('-') && arg !== '-') continue;
    else if (wrapper.variables === true && /^[A-Za-z_]\w*=/.test(arg)) continue;
    else if (skip > 0) skip -= 1;
    else break;
  }
  if (program === 'flock' && isLineOption(program, wrapper, args[at] ?? '')) return { words, line: args[at + 1] ?? '', commands: [] };
  const inner = args.slice(at);
  // A shell without -c runs a script or standard input, so the shell itself is the program.
  return inner.length === 0 || shells.has(program) || ['su', 'runuser', 'script', 'nix-shell', 'nix'].includes(program) ? none : { words, commands: [inner] };
}

/** `-c`, or several short options of a shell with c among them, such as `-lc`. */
function isLineOption(program: string, { line }: Wrapper, arg: string): boolean {
  if (line === undefined) return false;
  return line.includes(arg) || (shells.has(program) && /^-[a-z]*c[a-z]*$/.test(arg));
}

/** `python -m MODULE …` is the module. */
function pythonModule(words: readonly string[], args: readonly string[]): Unwrapped {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '-m') return { words, commands: args[at + 1] === undefined ? [] : [args.slice(at + 1)] };
    if (pythonRuns.valued?.includes(arg) === true) at += 1;
    else if (!/^-[a-zA-Z]+$/.test(arg) || arg === '-c') break;
  }
  return { words, commands: [] };
}

/** The programs after -exec and similar options; find itself if it starts none. */
function executedByFind(args: readonly string[]): string[][] {
  return args.flatMap((arg, at) => {
    if (!['-exec', '-execdir', '-ok', '-okdir'].includes(arg)) return [];
    const rest = args.slice(at + 1);
    const end = rest.findIndex((word) => word === ';' || word === '+');
    return [end < 0 ? rest : rest.slice(0, end)];
  });
}
