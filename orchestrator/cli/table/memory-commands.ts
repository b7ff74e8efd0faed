// The command table: memory.
import { any, command, flag, group, list, many, one, parsed, value, type CommandGroup } from '../command.ts';
import { parseCount } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

/** As the API takes them; a test holds them to its schemas. */
export const memoryTypes = ['core_fact', 'conversation', 'document', 'code_snippet', 'tool_result', 'custom_instruction', 'system_event'] as const;
export const memoryLayers = ['raw', 'fact', 'summary'] as const;
export const importances = ['critical', 'high', 'medium', 'low', 'temporary'] as const;
export const chatLogFormats = ['openai', 'claude', 'jsonl'] as const;

const file = { completes: 'file' } as const;
const count = (typed: string): number => parseCount(typed, 1);
const space = () => value('--space SPACE', 'in this space (main when left out)');
const secretFile = () => value('--secret-file FILE', 'a file with the secret, - for standard input; asked for when left out', file);
const credentials = {
  secretFile: secretFile(),
  recoveryKeyFile: value('--recovery-key-file FILE', 'a file with the recovery key instead', file),
  keyFile: value('--key-file FILE', 'a file that `somnus memory key-file` made instead', file),
};
const passphraseFile = () => value('--passphrase-file FILE', 'a file with the passphrase, - for standard input; asked for when left out', file);
const scope = {
  environment: value('--environment NAME', 'of this environment', { completes: 'environment' }),
  session: value('--session ID', 'of this session'),
  conversation: value('--conversation ID', 'of this conversation'),
};
const id = () => one('ID', 'id of the memory');
const query = () => many('QUESTION', 'what to ask');

const keys = [
  command({
    name: 'status', summary: 'whether memory is open, and which spaces are unlocked', examples: [['memory status', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/memory-keys.ts')).memoryStatus,
  }),
  command({
    name: 'setup', summary: 'give yourself memory, sealed by a secret of yours', quiet: true,
    description: 'The secret has at least 12 characters and is never stored. Prints a recovery key, this once: who loses both loses the memory.',
    examples: [['memory setup', 'asks for the secret'], ['memory setup --secret-file secret.txt', '']],
    arguments: {}, options: { secretFile: secretFile() },
    load: async () => (await import('../commands/memory-keys.ts')).setUpMemory,
  }),
  command({
    name: 'unlock', summary: 'unlock a space', examples: [['memory unlock', 'asks for the secret'], ['memory unlock --key-file /root/memory.key', ''], ['memory unlock --space diary', 'a private one']],
    arguments: {}, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).unlockMemory,
  }),
  command({
    name: 'lock', summary: 'lock a space: keys and content leave the memory of the host', examples: [['memory lock', '']],
    arguments: {}, options: { space: space() },
    load: async () => (await import('../commands/memory-keys.ts')).lockMemory,
  }),
  command({
    name: 'rotate', summary: 'replace the secret', description: 'Opens with the old one, the recovery key or a key file. What is stored stays as it is.',
    examples: [['memory rotate', 'asks for both'], ['memory rotate --recovery-key-file key.txt --new-secret-file new.txt', 'the old one is lost']],
    arguments: {}, options: { space: space(), ...credentials, newSecretFile: value('--new-secret-file FILE', 'a file with the new secret; asked for when left out', file) },
    load: async () => (await import('../commands/memory-keys.ts')).rotateSecret,
  }),
  command({
    name: 'recovery-key', summary: 'replace the recovery key', description: 'Prints the new one, this once; the old one stops working.', quiet: true,
    examples: [['memory recovery-key', '']], arguments: {}, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).newRecoveryKey,
  }),
  command({
    name: 'key-file', summary: 'make a file that unlocks memory where nobody types',
    description: 'Written for you alone; one made before stops working. Keep it out of the data folder and of backups, and name it under memory.keyFiles in somnus.yaml to be unlocked at every start.',
    examples: [['memory key-file /root/memory.key', '']],
    arguments: { file: one('FILE', 'the new file', file) }, options: { space: space(), ...credentials },
    load: async () => (await import('../commands/memory-keys.ts')).makeKeyFile,
  }),
  command({
    name: 'add-space', summary: 'make a private space with a secret of its own', quiet: true,
    description: 'It answers only the API keys that unlock it, and is never consolidated, exported or used for training.',
    examples: [['memory add-space diary', '']],
    arguments: { name: one('SPACE', 'name of the new space') }, options: { secretFile: secretFile() },
    load: async () => (await import('../commands/memory-keys.ts')).addSpace,
  }),
  command({
    name: 'rm-space', summary: 'destroy a private space, keys and content, for good', examples: [['memory rm-space diary --yes', '']],
    arguments: { name: one('SPACE', 'name of the space') }, options: { yes: flag('--yes', 'do not ask') },
    load: async () => (await import('../commands/memory-keys.ts')).removeSpace,
  }),
];

const using = [
  command({
    name: 'remember', summary: 'store a memory', quiet: true, description: 'Without TEXT it is read from --file or standard input. Secrets in it are redacted.',
    examples: [
      ['memory remember "The kiln reaches 1200 degrees."', ''],
      ['memory remember --type custom_instruction "Always answer in metric units."', 'injected whatever is asked'],
      ['memory remember --type conversation --speaker user <turn.txt', 'a turn of the endless conversation'],
      ['memory remember --attach plan.png --caption "Floor plan of the workshop" Plan', ''],
    ],
    arguments: { text: any('TEXT', 'the text') },
    options: {
      type: value('--type TYPE', 'what it is (document when left out)', { choices: memoryTypes }),
      importance: value('--importance LEVEL', 'how long it is kept; by its type when left out', { choices: importances }),
      file: value('--file FILE', 'a file with the text', file),
      attach: value('--attach FILE', 'a file or image that belongs to it', file),
      caption: value('--caption TEXT', 'what the attachment shows; searched like text'),
      speaker: value('--speaker WHO', 'who said it'),
      at: value('--at TIME', 'when it was said or happened, ISO 8601'),
      space: space(), ...scope,
    },
    load: async () => (await import('../commands/memory.ts')).rememberText,
  }),
  command({
    name: 'recall', summary: 'ask memory', quiet: true, description: '-q prints ids alone.',
    examples: [['memory recall "how hot does the kiln get"', ''], ['memory recall --explain kiln', 'rank in each retriever, cosine, boost'], ['memory recall --from 2026-03-01T00:00:00Z --environment lab parcels', '']],
    arguments: { query: query() },
    options: {
      space: list('--space SPACE', 'in this space; can be repeated'), limit: parsed('--limit N', 'at most so many', count), tokens: parsed('--tokens N', 'at most so many tokens of text', count),
      type: list('--type TYPE', 'only of this type; can be repeated', { choices: memoryTypes }), layer: list('--layer LAYER', 'raw (when left out), fact, summary; can be repeated', { choices: memoryLayers }),
      from: value('--from TIME', 'not before, ISO 8601'), to: value('--to TIME', 'before, ISO 8601'),
      minImportance: value('--min-importance LEVEL', 'at least so important', { choices: importances }),
      explain: flag('--explain', 'why each was found'), ...scope,
    },
    load: async () => (await import('../commands/memory.ts')).recallMemories,
  }),
  command({
    name: 'sessions', summary: 'the sessions that a question is most likely about', quiet: true, examples: [['memory sessions "kiln repairs"', '']],
    arguments: { query: query() }, options: { space: space(), limit: parsed('--limit N', 'at most so many', count) },
    load: async () => (await import('../commands/memory.ts')).recallSessions,
  }),
  command({
    name: 'context', summary: 'what an agent should know now, within a budget',
    examples: [['memory context', ''], ['memory context --tokens 2000 "repair the kiln"', '']],
    arguments: { query: any('QUESTION', 'what it is about') },
    options: { tokens: parsed('--tokens N', 'at most so many', count), conversation: scope.conversation, environment: scope.environment, space: space() },
    load: async () => (await import('../commands/memory.ts')).memoryContext,
  }),
  command({
    name: 'ls', summary: 'list memories, newest first', quiet: true, description: '-q prints ids alone.', examples: [['memory ls', ''], ['memory ls --layer fact', 'facts that were read out of what was said']],
    arguments: {},
    options: {
      type: value('--type TYPE', 'only of this type', { choices: memoryTypes }), layer: value('--layer LAYER', 'only of this layer', { choices: memoryLayers }),
      conversation: scope.conversation, environment: scope.environment, space: space(), ...paging,
    },
    load: async () => (await import('../commands/memory.ts')).listMemories,
  }),
  command({
    name: 'show', summary: 'show a memory', examples: [['memory show mem_01k8…', '']], arguments: { id: id() }, options: { space: space() },
    load: async () => (await import('../commands/memory.ts')).showMemory,
  }),
  command({
    name: 'history', summary: 'where a memory comes from, what was made from it, what took its place', examples: [['memory history mem_01k8…', '']],
    arguments: { id: id() }, options: { space: space() },
    load: async () => (await import('../commands/memory.ts')).memoryHistory,
  }),
  command({
    name: 'forget', summary: 'forget memories and what was made from them, for good', quiet: true,
    description: 'Either ids, or one of the options. --user destroys all your memory, keys first: backups of the data stay unreadable.',
    examples: [['memory forget mem_01k8…', ''], ['memory forget --session pottery', ''], ['memory forget --user', 'asks first']],
    arguments: { ids: any('ID', 'ids of memories') },
    options: { ...scope, user: flag('--user', 'everything, for good'), yes: flag('--yes', 'do not ask'), space: space() },
    load: async () => (await import('../commands/memory.ts')).forgetMemories,
  }),
];

const upkeep = [
  command({
    name: 'stats', summary: 'how much is remembered, in which form', examples: [['memory stats', '']], arguments: {}, options: { space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).memoryStats,
  }),
  command({
    name: 'compact', summary: 'summarise what is older than the recent turns', description: 'Turns stay, and are still found.', examples: [['memory compact', '']],
    arguments: {}, options: { conversation: scope.conversation, space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).compactMemory,
  }),
  command({
    name: 'rebuild', summary: 'build the indexes anew from what was captured', examples: [['memory rebuild --verify', 'and look once more afterwards'], ['memory rebuild --dry-run', 'only look']],
    arguments: {}, options: { verify: flag('--verify', 'look once more afterwards; exit code 1 when something is still wrong'), dryRun: flag('--dry-run', 'only look; exit code 1 when something is wrong'), space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).rebuildMemory,
  }),
  command({
    name: 'consolidate', summary: 'hide duplicates, link names, write summaries, propose topics', description: 'Goes on where the last run stopped; also done by itself when nobody asks for memory.',
    examples: [['memory consolidate --dry-run', 'what would be done'], ['memory consolidate --undo', 'bring back what the last round hid']],
    arguments: {}, options: { dryRun: flag('--dry-run', 'only say what would be done'), undo: flag('--undo', 'bring back what the last round hid'), budget: parsed('--budget N', 'look at so many memories', count), space: space() },
    load: async () => (await import('../commands/memory-upkeep.ts')).consolidateMemory,
  }),
  command({
    name: 'reload', summary: 'read memory.yaml again', examples: [['memory reload', '']], arguments: {}, options: {},
    load: async () => (await import('../commands/memory-upkeep.ts')).reloadMemory,
  }),
];

const force = () => flag('--force', 'overwrite the file if it is there');

const elsewhere = [
  command({
    name: 'export', summary: 'write everything, or the core self, to one encrypted file', examples: [['memory export --core self.somnus', 'identity, instructions, facts and key memories'], ['memory export all.somnus', '']],
    arguments: { file: one('FILE', 'the new file', file) }, options: { core: flag('--core', 'the core self alone'), force: force(), passphraseFile: passphraseFile(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).exportMemory,
  }),
  command({
    name: 'import', summary: 'store what a file holds and memory has not', description: 'An export of Somnus, a token, or another program\'s chat log with --format. Can be repeated.',
    examples: [['memory import self.somnus', ''], ['memory import --format openai conversations.json', ''], ['memory import --token token.json', '']],
    arguments: { file: one('FILE', 'the file', file) },
    options: { format: value('--format FORMAT', 'a chat log in this format', { choices: chatLogFormats }), token: flag('--token', 'a file that `somnus memory token` made'), passphraseFile: passphraseFile(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).importMemory,
  }),
  command({
    name: 'token', summary: 'write a memory to a file as a Fernet token with its key', examples: [['memory token mem_01k8… one.json', '']],
    arguments: { id: id(), file: one('FILE', 'the new file', file) }, options: { force: force(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).exportToken,
  }),
  command({
    name: 'training', summary: 'conversations as training data: consents, and what was exported', description: 'Only conversations with consent are exported, each line with the ids of the memories it came from. Revoking names the exports that hold it.',
    examples: [['memory training', 'what there is'], ['memory training --consent main', ''], ['memory training --export training.jsonl', ''], ['memory training --revoke main', '']],
    arguments: {}, options: { consent: value('--consent ID', 'a conversation may be used'), revoke: value('--revoke ID', 'a conversation may no longer be used'), export: value('--export FILE', 'write those with consent, as JSONL', file), force: force(), space: space() },
    load: async () => (await import('../commands/memory-elsewhere.ts')).trainingData,
  }),
];

export const memoryCommands: readonly CommandGroup[] = [group('memory', 'what your agents remember, sealed by a secret of yours', [...using, ...keys, ...upkeep, ...elsewhere])];
