// Commands for artifacts: code and data with versions.
import { artifactTypeValues, runContextValues } from '../../client/values.ts';
import { any, command, flag, group, list, many, one, parsed, value, type CommandGroup } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const artifact = one('ARTIFACT', 'title or id of the artifact', { completes: 'artifact' });
const files = any('FILE', 'files, or one folder with all its files; - or none for standard input', { completes: 'file' });
const content = {
  main: value('--main PATH', 'the file that a run starts (default: the only file, or main.*)'),
  note: value('--note TEXT', 'what is special about this version'),
};
const version = parsed('--version N', 'version (default: the newest)', (typed: string) => parseCount(typed, 1));
const ifVersion = parsed('--if-version N', 'only if N is the newest version; otherwise fails and names the newest', (typed: string) => parseCount(typed, 1));
const environment = value('--with NAME', 'the other environment', { completes: 'environment' });

export const artifactCommands: readonly CommandGroup[] = [
  group('artifact', 'keep code and data with versions, and run it in containers', [
    command({
      name: 'create', summary: 'create an artifact from files or standard input', quiet: true,
      description: 'An artifact belongs to an environment. The type decides how it runs; without --type, the name of the main file decides it. At most 8 MiB and 200 files. With -q, prints only the id.',
      examples: [['artifact create demo "word count" count.py', ''], ['artifact create demo report ./report --main build.py', 'all files of a folder'], ['artifact create demo notes --type data <notes.txt', 'from standard input']],
      arguments: { name: one('NAME', 'name or id of the environment', { completes: 'environment' }), title: one('TITLE', 'title of the artifact'), files },
      options: { type: value('--type TYPE', 'what it is', { choices: artifactTypeValues }), ...content },
      load: async () => (await import('../commands/artifacts.ts')).createArtifact,
    }),
    command({
      name: 'update', summary: 'write a new version of an artifact', quiet: true,
      description: 'Replaces all files; older versions are kept. With --if-version, a change that another writer has made in between is not overwritten. With -q, prints only the number of the newest version.',
      examples: [['artifact update "word count" count.py --note "counts lines too"', ''], ['artifact update "word count" count.py --if-version 3', 'only if version 3 is the newest']],
      arguments: { artifact, files }, options: { ...content, ifVersion },
      load: async () => (await import('../commands/artifacts.ts')).updateArtifact,
    }),
    command({
      name: 'ls', summary: 'list artifacts, newest first', quiet: true, description: 'Your own, and those that are shared with your environments. With -q, prints only ids.', examples: [['artifact ls', ''], ['artifact ls --in demo', '']],
      arguments: {},
      options: { ...paging, in: value('--in NAME', 'only artifacts of this environment, or shared with it', { completes: 'environment' }), type: value('--type TYPE', 'only of this type', { choices: artifactTypeValues }), removed: flag('--removed', 'removed artifacts, which can be undeleted') },
      load: async () => (await import('../commands/artifacts.ts')).listArtifacts,
    }),
    command({
      name: 'show', summary: 'show an artifact with its files', examples: [['artifact show "word count"', '']], arguments: { artifact }, options: { version },
      load: async () => (await import('../commands/artifacts.ts')).showArtifact,
    }),
    command({
      name: 'cat', summary: 'print a file of an artifact', description: 'Without PATH, the main file.', examples: [['artifact cat "word count"', ''], ['artifact cat report data.csv --version 2', '']],
      arguments: { artifact, path: any('PATH', 'file of the artifact') }, options: { version },
      load: async () => (await import('../commands/artifacts.ts')).printFile,
    }),
    command({
      name: 'run', summary: 'run an artifact and keep its results', usage: 'ARTIFACT [options] [-- ARG...]',
      description: 'In a container of its own without rights and network, or in the VM. Prints both streams and returns the exit code. The output is kept, and the files that the program leaves in the folder named by SOMNUS_RESULTS: see `artifact runs` and `artifact result`. Ctrl-C ends the run. With -o json, prints one frame per line.',
      examples: [['artifact run "word count" --reads /srv/corpus -- /srv/corpus/a.txt', 'on files of the VM'], ['artifact run "word count" --version 1', 'an old version'], ['artifact run setup --context vm', 'in the VM']],
      arguments: { artifact, args: any('ARG', 'arguments for the main file, after --') },
      options: {
        version, context: value('--context CONTEXT', 'where to run it (default: container)', { choices: runContextValues }), in: value('--in NAME', "the environment that has the files, or whose VM is used (default: the artifact's own)", { completes: 'environment' }),
        image: value('--image IMAGE', 'image of the container, one that containers.images in the configuration allows'), gpu: flag('--gpu', 'give the container the GPUs of its host'),
        reads: list('--reads PATH', 'file or folder in the VM that the container gets as a copy; can be repeated'), env: list('-e, --env KEY=VALUE', 'set an environment variable; can be repeated'), timeout: parsed('--timeout TIME', 'end the run after this time: 30, 90s, 5m', parseDuration),
      },
      load: async () => (await import('../commands/artifact-runs.ts')).runArtifact,
    }),
    command({
      name: 'runs', summary: 'list the runs of an artifact, newest first', quiet: true, description: 'With -q, prints only ids.', examples: [['artifact runs "word count"', '']],
      arguments: { artifact }, options: paging,
      load: async () => (await import('../commands/artifact-runs.ts')).listRuns,
    }),
    command({
      name: 'result', summary: 'show a run, its output or its files', description: 'With --to, writes all result files to a folder of this host. Existing files are not replaced.',
      examples: [['artifact result "word count" arun_01k…', 'exit code, resources, files'], ['artifact result "word count" arun_01k… --stdout', ''], ['artifact result "word count" arun_01k… --to ./out', '']],
      arguments: { artifact, run: one('RUN', 'id of the run') },
      options: { stdout: flag('--stdout', 'print its standard output'), stderr: flag('--stderr', 'print its standard error'), file: value('--file PATH', 'print a result file'), to: value('--to FOLDER', 'write the result files to this folder', { completes: 'file' }) },
      load: async () => (await import('../commands/artifact-runs.ts')).showResult,
    }),
    command({
      name: 'versions', summary: 'list the versions of an artifact, newest first', quiet: true, description: 'With -q, prints only the numbers.', examples: [['artifact versions "word count"', '']],
      arguments: { artifact }, options: paging,
      load: async () => (await import('../commands/artifacts.ts')).listVersions,
    }),
    command({
      name: 'diff', summary: 'compare two versions', examples: [['artifact diff "word count" 1', 'with the newest'], ['artifact diff "word count" 1 2', '']],
      arguments: { artifact, versions: many('VERSION', 'the older version, and the newer one (default: the newest)') }, options: {},
      load: async () => (await import('../commands/artifacts.ts')).diffVersions,
    }),
    command({
      name: 'restore', summary: 'make an old version the newest', description: 'Adds a version with the content of the old one; nothing is lost.', examples: [['artifact restore "word count" 1', '']],
      arguments: { artifact, version: one('VERSION', 'number of the version') }, options: { ifVersion },
      load: async () => (await import('../commands/artifacts.ts')).restoreVersion,
    }),
    command({
      name: 'share', summary: 'share an artifact with another environment', description: 'Keys of that environment can then use and change it, but not remove it.', examples: [['artifact share "word count" --with other', '']],
      arguments: { artifact }, options: { with: environment },
      load: async () => (await import('../commands/artifacts.ts')).shareArtifact,
    }),
    command({
      name: 'unshare', summary: 'stop sharing an artifact with an environment', examples: [['artifact unshare "word count" --with other', '']], arguments: { artifact }, options: { with: environment },
      load: async () => (await import('../commands/artifacts.ts')).unshareArtifact,
    }),
    command({
      name: 'search', summary: 'search artifacts and the results of their runs', examples: [['artifact search words per line', '']],
      arguments: { words: many('WORD', 'words that the text contains') }, options: { limit: parsed('--limit N', 'at most this many hits (1 to 100)', (typed) => parseCount(typed, 1)) },
      load: async () => (await import('../commands/artifacts.ts')).searchArtifacts,
    }),
    command({
      name: 'rm', summary: 'remove artifacts', quiet: true, description: 'They can be undeleted for some days (`retention.removedDays`). With --purge, deletes them permanently, with their versions and runs.', examples: [['artifact rm "word count"', '']],
      arguments: { artifacts: many('ARTIFACT', 'titles or ids', { completes: 'artifact' }) }, options: { purge: flag('--purge', 'delete permanently'), yes: flag('-y, --yes', 'purge without asking') },
      load: async () => (await import('../commands/artifacts.ts')).removeArtifacts,
    }),
    command({
      name: 'undelete', summary: 'restore a removed artifact', examples: [['artifact undelete "word count"', '']], arguments: { artifact: one('ARTIFACT', 'title or id', { completes: 'artifact', action: 'undelete' }) }, options: {},
      load: async () => (await import('../commands/artifacts.ts')).undeleteArtifact,
    }),
  ]),
];
