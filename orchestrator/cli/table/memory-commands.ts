// Commands for memory.
import { chatLogFormatValues, importanceValues, memoryLayerValues, memoryTypeValues } from '../../client/values.ts';
import { any, command, flag, group, list, many, one, parsed, value, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const file = { completes: 'file' } as const;
const count = (typed: string): number => parseCount(typed, 1);
const space = () => value('--space SPACE', 'memory space (default: main)');
const secretFile = () => value('--secret-file FILE', 'file with the secret, or - for standard input (default: ask)', file);
const credentials = {
  secretFile: secretFile(),
  recoveryKeyFile: value('--recovery-key-file FILE', 'use the recovery key in this file instead', file),
  keyFile: value('--key-file FILE', 'use this key file, made by `somnus memory key-file`, instead', file),
};
const passphraseFile = () => value('--passphrase-file FILE', 'file with the passphrase, or - for standard input (default: ask)', file);
const scope = {
  environment: value('--environment NAME', 'only in this environment', { completes: 'environment' }),
  agent: value('--agent NAME', 'only from this agent'),
  session: value('--session ID', 'only in this session'),
  conversation: value('--conversation ID', 'only in this conversation'),
};
const vectorFile = (what: string) => value('--vector FILE', `${what}: JSON with model and values`, file);
const id = () => one('ID', 'id of the memory');
const query = () => many('QUESTION', 'the question');

const keys = [
  command({
    name: 'status', summary: 'show the state of memory and which spaces are unlocked', examples: [['memory status', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/memory-keys.ts')).memoryStatus,
  }),
  command({
    name: 'setup', summary: 'set up memory, encrypted with your secret', quiet: true,
    description: 'The secret needs at least 12 characters and is never stored. Prints a recovery key that cannot be shown again: without the secret and the recovery key, the memory is lost.',
    examples: [['memory setup', 'asks for the secret'], ['memory setup --secret-file secret.txt', '']],
    arguments: {}, options: { secretFile: secretFile() },
    load: async () => (await import('../commands/memory-keys.ts')).setUpMemory,
  }),
  command({
    name: 'unlock', summary: 'unlock a space', examples: [['memory unlock', 'asks for the secret'], ['memory unlock --key-file /root/memory.key', ''], ['memory unlock --space diary', 'a private space']],
    arguments: {}, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).unlockMemory,
  }),
  command({
    name: 'lock', summary: 'lock a space and remove its keys and content from RAM', examples: [['memory lock', '']],
    arguments: {}, options: { space: space() },
    load: async () => (await import('../commands/memory-keys.ts')).lockMemory,
  }),
  command({
    name: 'rotate', summary: 'replace the secret', description: 'Needs the old secret, the recovery key or a key file. Stored memories are not rewritten.',
    examples: [['memory rotate', 'asks for both'], ['memory rotate --recovery-key-file key.txt --new-secret-file new.txt', 'when the old secret is lost']],
    arguments: {}, options: { space: space(), ...credentials, newSecretFile: value('--new-secret-file FILE', 'file with the new secret (default: ask)', file) },
    load: async () => (await import('../commands/memory-keys.ts')).rotateSecret,
  }),
  command({
    name: 'recovery-key', summary: 'replace the recovery key', description: 'Prints the new recovery key, which cannot be shown again. The old one stops working.', quiet: true,
    examples: [['memory recovery-key', '']], arguments: {}, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).newRecoveryKey,
  }),
  command({
    name: 'key-file', summary: 'create a file that unlocks memory without a prompt',
    description: 'Only you can read the file; an earlier key file stops working. Keep it outside the data folder and backups. To unlock memory at every start, list it under memory.keyFiles in somnus.yaml.',
    examples: [['memory key-file /root/memory.key', '']],
    arguments: { file: one('FILE', 'the new file', file) }, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).makeKeyFile,
  }),
  command({
    name: 'add-space', summary: 'create a private space with its own secret', quiet: true,
    description: 'Only the API keys that unlock the space can use it. It is never consolidated, exported or used for training.',
    examples: [['memory add-space diary', '']],
    arguments: { name: one('SPACE', 'name of the new space') }, options: { secretFile: secretFile() },
    load: async () => (await import('../commands/memory-keys.ts')).addSpace,
  }),
  command({
    name: 'rm-space', summary: 'permanently destroy a private space', examples: [['memory rm-space diary --yes', '']],
    arguments: { name: one('SPACE', 'name of the space') }, options: { yes: flag('--yes', 'do not ask for confirmation') },
    load: async () => (await import('../commands/memory-keys.ts')).removeSpace,
  }),
];

const using = [
  command({
    name: 'remember', summary: 'store a memory', quiet: true, description: 'Without TEXT, reads the text from --file or standard input. With --attach, stores that file too and makes its text searchable (a document, source code, an image). Secrets in texts are redacted.',
    examples: [
      ['memory remember "The kiln reaches 1200 degrees."', ''],
      ['memory remember --type custom_instruction "Always answer in metric units."', 'part of every context'],
      ['memory remember --type conversation --speaker user <turn.txt', 'one turn of the conversation'],
      ['memory remember --attach manual.pdf', 'keep a file, and search its text'],
      ['memory remember --attach plan.png --caption "Floor plan of the workshop"', ''],
      ['memory remember --attach plan.png --vector plan.json', 'with a vector of your own model for images'],
    ],
    arguments: { text: any('TEXT', 'the text') },
    options: {
      type: value('--type TYPE', 'type of the memory (default: document)', { choices: memoryTypeValues }),
      importance: value('--importance LEVEL', 'importance, which decides how long it is kept (default: by type)', { choices: importanceValues }),
      file: value('--file FILE', 'file with the text', file),
      attach: value('--attach FILE', 'file to keep; its text can be searched', file),
      caption: value('--caption TEXT', 'description of the attachment; searched like text'),
      speaker: value('--speaker WHO', 'who said it, such as user or assistant'),
      at: value('--at TIME', 'when it was said or happened (ISO 8601)'),
      vector: vectorFile('also store this vector, so that vectors of the same model find the memory'),
      space: space(), ...scope,
    },
    load: async () => (await import('../commands/memory.ts')).rememberText,
  }),
  command({
    name: 'recall', summary: 'search memory', quiet: true, description: 'With -q, prints only ids.',
    examples: [['memory recall "how hot does the kiln get"', ''], ['memory recall --explain kiln', 'show ranks and scores'], ['memory recall --as-of 2025-06-30 "where does Ann live"', 'with the facts of that day'], ['memory recall --from 2026-03-01T00:00:00Z --environment lab parcels', ''], ['memory recall --vector plan.json', 'memories with similar vectors of the same model']],
    arguments: { query: any('QUESTION', 'the question') },
    options: {
      space: list('--space SPACE', 'memory space; can be repeated'), limit: parsed('--limit N', 'maximum number of results', count), tokens: parsed('--tokens N', 'maximum tokens of text', count),
      type: list('--type TYPE', 'only this type; can be repeated', { choices: memoryTypeValues }), layer: list('--layer LAYER', 'raw (default), fact or summary; can be repeated', { choices: memoryLayerValues }),
      from: value('--from TIME', 'only at or after this time (ISO 8601)'), to: value('--to TIME', 'only before this time (ISO 8601)'),
      asOf: value('--as-of DATE', 'answer as memory would have on this date, with the facts that were true then'),
      minImportance: value('--min-importance LEVEL', 'minimum importance', { choices: importanceValues }),
      metadata: list('--metadata NAME=VALUE', 'only memories with this metadata; can be repeated'),
      vector: vectorFile('find memories with similar vectors; with a question, both rankings are joined'),
      explain: flag('--explain', 'show why each memory was found'), ...scope,
    },
    load: async () => (await import('../commands/memory.ts')).recallMemories,
  }),
  command({
    name: 'sessions', summary: 'list the sessions that best match a question', quiet: true, examples: [['memory sessions "kiln repairs"', '']],
    arguments: { query: query() }, options: { space: space(), limit: parsed('--limit N', 'maximum number of results', count) },
    load: async () => (await import('../commands/memory.ts')).recallSessions,
  }),
  command({
    name: 'context', summary: 'print the context that an agent needs, within a token budget',
    examples: [['memory context', ''], ['memory context --tokens 2000 "repair the kiln"', '']],
    arguments: { query: any('QUESTION', 'the task or question') },
    options: { tokens: parsed('--tokens N', 'maximum tokens', count), ...scope, space: space() },
    load: async () => (await import('../commands/memory.ts')).memoryContext,
  }),
  command({
    name: 'ls', summary: 'list memories, newest first', quiet: true, description: 'With -q, prints only ids.', examples: [['memory ls', ''], ['memory ls --layer fact', 'facts extracted from conversations']],
    arguments: {},
    options: {
      type: value('--type TYPE', 'only this type', { choices: memoryTypeValues }), layer: value('--layer LAYER', 'only this layer', { choices: memoryLayerValues }),
      conversation: scope.conversation, environment: scope.environment, agent: scope.agent, space: space(), ...paging,
    },
    load: async () => (await import('../commands/memory.ts')).listMemories,
  }),
  command({
    name: 'show', summary: 'show a memory', examples: [['memory show mem_01k8…', '']], arguments: { id: id() }, options: { space: space() },
    load: async () => (await import('../commands/memory.ts')).showMemory,
  }),
  command({
    name: 'file', summary: 'download the file that is attached to a memory', examples: [['memory file mem_01k8… --to plan.png', ''], ['memory file mem_01k8… | less', '']],
    arguments: { id: id() }, options: { to: value('--to FILE', 'new file to write (default: standard output)', file), space: space() },
    load: async () => (await import('../commands/memory-files.ts')).memoryFile,
  }),
  command({
    name: 'history', summary: 'show the sources, derived memories and successor of a memory', examples: [['memory history mem_01k8…', '']],
    arguments: { id: id() }, options: { space: space() },
    load: async () => (await import('../commands/memory.ts')).memoryHistory,
  }),
  command({
    name: 'edit', summary: 'change the text, importance or metadata of a memory', description: '`somnus memory show` shows the earlier texts until the memory is forgotten.',
    examples: [['memory edit mem_01k8… "The kiln reaches 1300 degrees."', ''], ['memory edit mem_01k8… --importance critical --set project=kiln', '']],
    arguments: { id: id(), text: any('TEXT', 'the new text (default: unchanged)') },
    options: { importance: value('--importance LEVEL', 'importance, which decides how long it is kept', { choices: importanceValues }), set: list('--set NAME=VALUE', 'set metadata, or remove it if VALUE is empty; can be repeated'), space: space() },
    load: async () => (await import('../commands/memory.ts')).editMemory,
  }),
  command({
    name: 'forget', summary: 'permanently forget memories and everything derived from them', quiet: true,
    description: 'Give ids or one of the options. --user destroys all your memory, beginning with its keys, so that backups become unreadable.',
    examples: [['memory forget mem_01k8…', ''], ['memory forget --session pottery', ''], ['memory forget --user', 'everything; asks first']],
    arguments: { ids: any('ID', 'ids of memories') },
    options: { ...scope, user: flag('--user', 'forget everything permanently'), yes: flag('--yes', 'do not ask for confirmation'), space: space() },
    load: async () => (await import('../commands/memory.ts')).forgetMemories,
  }),
];

const upkeep = [
  command({
    name: 'stats', summary: 'show statistics of a memory space', examples: [['memory stats', '']], arguments: {}, options: { space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).memoryStats,
  }),
  command({
    name: 'compact', summary: 'summarize older turns of conversations', description: 'The turns are kept and can still be found.', examples: [['memory compact', '']],
    arguments: {}, options: { conversation: scope.conversation, space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).compactMemory,
  }),
  command({
    name: 'rebuild', summary: 'rebuild the indexes from the stored memories', examples: [['memory rebuild --verify', 'and verify the result'], ['memory rebuild --dry-run', 'only verify']],
    arguments: {}, options: { verify: flag('--verify', 'verify the result; exit code 1 if something is still wrong'), dryRun: flag('--dry-run', 'only verify; exit code 1 if something is wrong'), space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).rebuildMemory,
  }),
  command({
    name: 'consolidate', summary: 'hide duplicates, link names, write summaries, propose topics', description: 'Continues where the last run stopped. Also runs in the background when memory is idle.',
    examples: [['memory consolidate --dry-run', 'show what would change'], ['memory consolidate --undo', 'undo the last run']],
    arguments: {}, options: { dryRun: flag('--dry-run', 'show what would change without changing anything'), undo: flag('--undo', 'undo the last run'), budget: parsed('--budget N', 'number of memories to examine', count), space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).consolidateMemory,
  }),
  command({
    name: 'reload', summary: 'reload memory.yaml', examples: [['memory reload', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/memory-upkeep.ts')).reloadMemory,
  }),
];

const force = () => flag('--force', 'overwrite an existing file');

const folders = { arguments: { folder: one('FOLDER', 'folder on the host for the encrypted content', file) }, keys: () => value('--keys FOLDER', 'separate folder on the host for the wrapped keys', file) };

const elsewhere = [
  command({
    name: 'backup', summary: 'copy the memory of all users to folders on the host', description: 'The content stays encrypted. The keys are copied only with --keys, to a separate folder: keep it in another place. Memory can be in use.',
    examples: [['memory backup /backup/memory --keys /mnt/safe/memory-keys', '']],
    arguments: folders.arguments, options: { keys: folders.keys() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).backUpMemory,
  }),
  command({
    name: 'restore', summary: 'replace the memory of all users with a backup', description: 'Locks all spaces. Adds keys only for spaces that have none here: what was shredded stays unreadable, and changed secrets stay changed.',
    examples: [['memory restore /backup/memory --keys /mnt/safe/memory-keys', 'asks first']],
    arguments: folders.arguments, options: { keys: folders.keys(), yes: flag('--yes', 'do not ask for confirmation') },
    load: async () => (await import('../commands/memory-elsewhere.ts')).restoreMemory,
  }),
  command({
    name: 'export', summary: 'export memory to an encrypted file', examples: [['memory export --core self.somnus', 'instructions, facts and the most important memories'], ['memory export all.somnus', '']],
    arguments: { file: one('FILE', 'the new file', file) }, options: { core: flag('--core', 'export only the core: instructions, facts and critical memories'), force: force(), passphraseFile: passphraseFile(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).exportMemory,
  }),
  command({
    name: 'import', summary: 'import an export, a token or a chat log', description: 'Memories that are already stored are skipped, so an import can be repeated.',
    examples: [['memory import self.somnus', ''], ['memory import --format openai conversations.json', ''], ['memory import --token token.json', '']],
    arguments: { file: one('FILE', 'the file', file) },
    options: { format: value('--format FORMAT', 'import a chat log in this format', { choices: chatLogFormatValues }), token: flag('--token', 'import a file made by `somnus memory token`'), passphraseFile: passphraseFile(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).importMemory,
  }),
  command({
    name: 'token', summary: 'export one memory as a Fernet token with its key', examples: [['memory token mem_01k8… one.json', '']],
    arguments: { id: id(), file: one('FILE', 'the new file', file) }, options: { force: force(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).exportToken,
  }),
  command({
    name: 'training', summary: 'manage consent for training data and export it', description: 'Only conversations with consent are exported; each line has the ids of its memories. Revoking consent lists the exports that contain the conversation.',
    examples: [['memory training', 'consents and exports'], ['memory training --consent main', ''], ['memory training --export training.jsonl', ''], ['memory training --revoke main', '']],
    arguments: {}, options: { consent: value('--consent ID', 'give consent for a conversation'), revoke: value('--revoke ID', 'revoke consent for a conversation'), export: value('--export FILE', 'export conversations with consent as JSONL', file), force: force(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).trainingData,
  }),
];

export const memoryCommands: readonly CommandGroup[] = [group('memory', 'manage what your agents remember, encrypted with your secret', [...using, ...keys, ...upkeep, ...elsewhere])];
