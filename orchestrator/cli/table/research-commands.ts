// Commands that collect web pages, search them, check claims against them, and find scholarly works.
import { any, command, flag, group, list, many, negatable, one, parsed, value, type CommandGroup } from '../command.ts';
import { parseCount, parseDuration } from '../parse-values.ts';
import { paging } from './environment-commands.ts';

const capture = one('CAPTURE', 'id of the capture');
const workflow = one('NAME', 'name of the workflow', { completes: 'own workflow' });
const version = parsed('--version N', 'this version instead of the newest', (typed) => parseCount(typed));
const limits = {
  url: list('--url URL', 'read this page too; can be repeated'), engine: list('--engine NAME', 'ask only this search engine: searxng, brave, local; can be repeated'),
  allowHost: list('--allow-host HOST', 'visit only this host and its subdomains; can be repeated'), pages: parsed('--pages N', 'collect at most this many pages', (typed) => parseCount(typed)),
  offline: flag('--offline', 'use only pages that were collected before'), wait: negatable('--wait', 'wait for the report (default)'),
};

export const researchCommands: readonly CommandGroup[] = [
  group('research', 'collect web pages as evidence, search them, and check claims', [
    command({
      name: 'fetch', summary: 'fetch a web page or document, keep it, and print its text', quiet: true,
      description: 'Stores the bytes and text of the page with their hashes and the time. Private, link-local and host addresses are refused. Somnus never follows instructions in a page, and reports how many passages try to instruct an agent. With -q, prints only the id of the capture.',
      examples: [['research fetch https://example.org/', ''], ['research fetch https://example.org/ --max-age 1h', 'without a request if it was fetched or checked within an hour']],
      arguments: { url: one('URL', 'address of the page') }, options: { maxAge: parsed('--max-age TIME', 'use a stored capture that is at most this old: 90s, 10m, 2h', parseDuration) },
      load: async () => (await import('../commands/research.ts')).fetchPage,
    }),
    command({
      name: 'ls', summary: 'list captures, newest first', quiet: true, description: 'With -q, prints only ids.', examples: [['research ls', ''], ['research ls --url https://example.org/', 'all captures of one page']],
      arguments: {}, options: { ...paging, url: value('--url URL', 'only captures of this address') },
      load: async () => (await import('../commands/research.ts')).listCaptures,
    }),
    command({
      name: 'text', summary: 'print the text of a capture', examples: [['research text cap_01k…', '']], arguments: { capture }, options: {},
      load: async () => (await import('../commands/research.ts')).captureText,
    }),
    command({
      name: 'archive', summary: 'write a capture as a WARC file to standard output', examples: [['research archive cap_01k… >page.warc.gz', '']], arguments: { capture }, options: {},
      load: async () => (await import('../commands/research.ts')).captureArchive,
    }),
    command({
      name: 'search', summary: 'search the text of all captures', examples: [['research search tide tables Brest', '']],
      arguments: { words: many('WORD', 'words to search for') }, options: { limit: parsed('--limit N', 'at most this many passages', (typed) => parseCount(typed)) },
      load: async () => (await import('../commands/research.ts')).searchPassages,
    }),
    command({
      name: 'fact-check', summary: 'check claims on the web, with quotes from stored pages as evidence', quiet: true,
      description: 'Searches with the configured engines and in the pages that were collected before, reads the pages that are found, and decides by rules. Compares every quote with its stored page. Without evidence, the verdict is "not enough evidence". With -q, prints only the id of the run.',
      examples: [['research fact-check "The Penfeld Bridge was opened in 1932."', ''], ['research fact-check "The bridge has 6 piers." --url https://example.org/bridge --pages 20', 'read this page too, and at most 20'], ['research fact-check "The bridge has 6 piers." --offline', 'with collected pages only']],
      arguments: { claims: many('CLAIM', 'sentences to check') }, options: limits,
      load: async () => (await import('../commands/research-runs.ts')).factCheck,
    }),
    command({
      name: 'run', summary: 'answer questions, check claims or collect pages, with a report', quiet: true,
      description: 'deep-dive: searches for each question or topic, and writes a report in which every sentence points to quotes of stored pages; contradictions and gaps are stated. fact-check: like `research fact-check`. collect: keeps pages, and those that feeds and sitemaps list. '
        + 'A run that is interrupted continues without fetching anything twice. With -q, prints only the id of the run.',
      examples: [['research run deep-dive "When was the Penfeld Bridge opened?" "Who designed it?"', ''], ['research run deep-dive "The Penfeld Bridge" --offline', 'a topic, from collected pages only'], ['research run collect https://example.org/sitemap.xml --pages 200', 'the pages of a sitemap'], ['research run opening-dates --set building="Penfeld Bridge"', 'a workflow of your own']],
      arguments: { workflow: one('WORKFLOW', 'fact-check, deep-dive, collect, or one of your own', { completes: 'workflow' }), texts: any('TEXT', 'claims, questions or addresses') },
      options: { ...limits, set: list('--set NAME=VALUE', 'set a parameter of a workflow of your own; can be repeated'), writer: value('--writer WRITER', 'for deep-dive: report in quotes, or written by the configured language model (default if there is one)', { choices: ['quotes', 'model'] }) },
      load: async () => (await import('../commands/research-runs.ts')).startRun,
    }),
    command({
      name: 'papers', summary: 'find scholarly works in Crossref, OpenAlex, PubMed, Semantic Scholar and arXiv',
      description: 'Joins what the catalogs say about the same work; nothing is made up.',
      examples: [['research papers tafamidis cardiomyopathy', ''], ['research papers 10.1056/nejmoa1805689 --format bibtex', 'for a reference manager'], ['research papers attention is all you need --catalog arxiv --fetch', 'and collect open copies']],
      arguments: { words: many('WORD', 'words of the title, names of authors, or a DOI') },
      options: {
        limit: parsed('--limit N', 'at most this many works', (typed) => parseCount(typed)), catalog: list('--catalog NAME', 'ask only this catalog; can be repeated', { choices: ['crossref', 'openalex', 'pubmed', 'semantic-scholar', 'arxiv'] }),
        format: value('--format FORMAT', 'print references instead', { choices: ['bibtex', 'csl'] }), fetch: flag('--fetch', 'collect the first open copy of each work'),
      },
      load: async () => (await import('../commands/papers.ts')).findPapers,
    }),
    command({
      name: 'runs', summary: 'list research runs, newest first', quiet: true, description: 'With -q, prints only ids.', examples: [['research runs', '']], arguments: {}, options: paging,
      load: async () => (await import('../commands/research-runs.ts')).listRuns,
    }),
    command({
      name: 'report', summary: 'show the report of a research run', examples: [['research report run_01k…', ''], ['research report run_01k… --format html >report.html', 'one page with the evidence behind each sentence']], arguments: { run: one('RUN', 'id of the run') },
      options: { format: value('--format FORMAT', 'print it as a document', { choices: ['markdown', 'html'] }) },
      load: async () => (await import('../commands/research-runs.ts')).showReport,
    }),
    command({
      name: 'remember', summary: 'store the results of a research run in memory', quiet: true,
      description: 'Stores one memory for each statement and each claim with evidence, with quote, sources, address and capture. Repeating it stores nothing twice. With -q, prints only the ids of the memories.',
      examples: [['research remember run_01k…', '']], arguments: { run: one('RUN', 'id of the run') }, options: { space: value('--space NAME', 'a private memory space; main if omitted') },
      load: async () => (await import('../commands/research-runs.ts')).rememberRun,
    }),
    command({
      name: 'rm-run', summary: 'delete research runs and their evidence', description: 'Keeps the pages that they collected.', quiet: true, examples: [['research rm-run run_01k…', '']], arguments: { runs: many('RUN', 'ids of runs') }, options: {},
      load: async () => (await import('../commands/research-runs.ts')).removeRuns,
    }),
    command({
      name: 'rm', summary: 'delete captures', quiet: true, examples: [['research rm cap_01k…', '']], arguments: { captures: many('CAPTURE', 'ids of captures') }, options: {},
      load: async () => (await import('../commands/research.ts')).removeCaptures,
    }),
  ]),
  group('workflow', 'manage research workflows of your own', [
    command({
      name: 'add', summary: 'keep a workflow', quiet: true, description: 'The file is YAML with steps and parameters; see docs/research.md. A changed file with the same name becomes a new version. With -q, prints only the name.',
      examples: [['workflow add opening-dates.yaml', ''], ['workflow add -', 'from standard input']], arguments: { file: one('FILE', 'a YAML file, or -', { completes: 'file' }) }, options: {},
      load: async () => (await import('../commands/workflows.ts')).addWorkflow,
    }),
    command({
      name: 'ls', summary: 'list workflows', quiet: true, examples: [['workflow ls', '']], arguments: {}, options: paging,
      load: async () => (await import('../commands/workflows.ts')).listWorkflows,
    }),
    command({
      name: 'show', summary: 'show a workflow and its parameters', examples: [['workflow show opening-dates', '']], arguments: { name: workflow }, options: { version },
      load: async () => (await import('../commands/workflows.ts')).showWorkflow,
    }),
    command({
      name: 'export', summary: 'print the file of a workflow, for others to add', examples: [['workflow export opening-dates >opening-dates.yaml', ''], ['workflow export opening-dates --version 1', 'an earlier version']], arguments: { name: workflow }, options: { version },
      load: async () => (await import('../commands/workflows.ts')).exportWorkflow,
    }),
    command({
      name: 'rm', summary: 'delete workflows with all versions', description: 'Runs and their reports are kept.', quiet: true, examples: [['workflow rm opening-dates', '']], arguments: { names: many('NAME', 'names of workflows', { completes: 'own workflow' }) }, options: {},
      load: async () => (await import('../commands/workflows.ts')).removeWorkflows,
    }),
  ]),
];
