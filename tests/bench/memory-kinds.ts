// Makes questions with known evidence from texts that are not chats and that this host already has, to see which weights help beyond the
// conversations on which they were chosen. Nothing is written by hand or random: the order comes from a hash of the name.
// - manual: sections of the README files of npm packages; the question is the heading, which is not part of the section.
// - man: paragraphs of man pages; the question is a sentence that was removed from its paragraph (an inverse cloze).
// - code: functions of Python's standard library without docstrings and comments; the question is the docstring's first sentence.
// - diagnostics: Perl's error messages; the question is the message with its placeholders filled in, and the evidence is its explanation.
// - errors: error lines by software and cause, from the error intelligence's examples; the question is one line, and the evidence is the other lines with the same cause.
// - short: a chat whose turns are cut into sentences and whose sessions are joined in threes: long sessions of short turns.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { RememberInput } from '../../orchestrator/memory/remembering.ts';
import type { Dialogue } from './memory-conversations.ts';
import { projectFile } from './memory-locations.ts';

const FILES = 30;
const PASSAGES_PER_FILE = 15;
const QUESTIONS = 100;
const DAY_MS = 86_400_000;

interface Passage { file: string; text: string; question: string | undefined }

const kinds: Record<string, () => Passage[]> = {
  manual: () => fromFiles(globSync(projectFile('node_modules/*/README.md')), sectionsOf),
  man: () => fromFiles(globSync('/usr/share/man/man{1,8}/*.gz'), paragraphsOf),
  code: () => fromFiles(globSync('/usr/lib/python3*/*.py'), functionsOf),
  diagnostics: () => globSync('/usr/share/perl/*/pod/perldiag.pod').slice(0, 1).flatMap((file) => explanationsOf(readFileSync(file, 'utf8'))).slice(0, FILES * PASSAGES_PER_FILE),
};

/** All kinds whose texts are on this host. */
export function kindsOfTexts(): { kind: string; dialogue: Dialogue }[] {
  const made = Object.entries(kinds).map(([kind, passages]) => ({ kind, dialogue: dialogueOf(passages()) }));
  return [...made, { kind: 'errors', dialogue: errorLines() }].filter(({ dialogue }) => dialogue.questions.length >= QUESTIONS / 4);
}

/** The same conversation in long sessions of short turns; the evidence is every sentence of a turn, with the id of the turn. */
export function inShortTurns({ turns, questions, lastMs }: Dialogue): Dialogue {
  const sessionOf = new Map([...new Set(turns.map((turn) => turn.sessionId!))].map((session, i) => [session, `J${Math.floor(i / 3)}`]));
  const short = turns.flatMap((turn) => (turn.text.match(/[^.!?]+[.!?]*\s*/g) ?? [turn.text]).map((text, part): RememberInput => {
    const { attachment, ...rest } = turn;
    return { ...rest, text: text.trim() === '' ? turn.text : text.trim(), sessionId: sessionOf.get(turn.sessionId!)!, sourceId: `${turn.sourceId}/${part}`, ...part === 0 && attachment !== undefined ? { attachment } : {} };
  }));
  return { turns: short, lastMs, questions: questions.map((question) => ({ ...question, sessions: [...new Set(question.sessions.map((session) => sessionOf.get(session)!))] })) };
}

function fromFiles(files: readonly string[], passagesOf: (text: string) => Omit<Passage, 'file'>[]): Passage[] {
  const chosen: Passage[] = [];
  let used = 0;
  for (const file of byHash(files, fileName)) {
    if (used === FILES) break;
    const bytes = readFileSync(file);
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    const passages = passagesOf(text).slice(0, PASSAGES_PER_FILE);
    if (passages.length < 4) continue;
    used += 1;
    chosen.push(...passages.map((passage) => ({ file: fileName(file), ...passage })));
  }
  return chosen;
}

function dialogueOf(passages: readonly Passage[]): Dialogue {
  const turns = passages.map(({ file, text }, i): RememberInput => ({ type: 'document', text, sessionId: file, sourceId: `P${i}`, occurredAt: new Date(DAY_MS * 19_000 + i * 60_000).toISOString() }));
  const asked = passages.map(({ file, question }, i) => ({ text: question ?? '', category: 'document', turns: [`P${i}`], sessions: [file] })).filter(({ text }) => text !== '');
  const unambiguous = asked.filter(({ text }) => asked.filter((other) => other.text.toLowerCase() === text.toLowerCase()).length === 1);
  return { turns, questions: byHash(unambiguous, ({ text }) => text).slice(0, QUESTIONS), lastMs: DAY_MS * 19_100 };
}

function sectionsOf(text: string): Omit<Passage, 'file'>[] {
  return text.replace(/```[\s\S]*?```/g, (code) => code.replace(/^#/gm, ' ')).split(/^(?=#{2,4} )/m).slice(1).flatMap((section) => {
    const [, heading = '', body = ''] = /^#+ (.*)\n([\s\S]*)$/.exec(section) ?? [];
    const question = heading.replace(/[`*[\]#]|\(.*?\)/g, '').trim();
    const own = body.trim().slice(0, 2000);
    return own.length < 80 ? [] : [{ text: own, question: question.split(/\s+/).length >= 2 ? question : undefined }];
  });
}

function paragraphsOf(text: string): Omit<Passage, 'file'>[] {
  const plain = text.replace(/^'?\.\\".*$/gm, '').replace(/\\f[A-Z\d]|\\f\(..|\\m\[.*?\]|\\&|\\c$/gm, '').replace(/\\\(en|\\\(em|\\-/g, '-').replace(/\\\(.q|\\\*\(../g, "'").replace(/\\e/g, '\\');
  return plain.split(/^\.(?:PP|P|TP|IP|SH|SS|LP|RS|RE|sp|Pp|It|Sh)\b.*$/m).map((paragraph) => paragraph.replace(/^\.(?:[A-Z]{1,2}|[A-Z][a-z]) /gm, '').replace(/^\..*$/gm, '').replace(/\s+/g, ' ').trim())
    .filter((paragraph) => paragraph.length >= 120 && paragraph.length < 2000).map(withoutOneSentence);
}

/** Removes the second sentence of three or more and asks for it. */
function withoutOneSentence(text: string): Omit<Passage, 'file'> {
  const sentences = text.match(/[^.!?]+[.!?]+(?:\s+|$)/g) ?? [];
  const [first = '', second = '', ...rest] = sentences;
  if (rest.length === 0 || second.trim().split(/\s+/).length < 5) return { text, question: undefined };
  return { text: [first, ...rest].join('').trim(), question: second.trim() };
}

function functionsOf(text: string): Omit<Passage, 'file'>[] {
  return [...text.matchAll(/^( *)def \w+\([^"]*?\):\n\s+[ru]?"""([\s\S]*?)"""\n([\s\S]*?)(?=^\1(?:def|class|@|\w)|^\S)/gm)].flatMap(([all, , documentation = '', body = '']) => {
    const signature = all.slice(0, all.indexOf('"""')).trimEnd();
    const code = `${signature}\n${body}`.replace(/^\s*#.*$/gm, '').replace(/\n{2,}/g, '\n').trim();
    const question = documentation.trim().split(/(?<=\.)\s|\n\s*\n/)[0]?.replace(/\s+/g, ' ') ?? '';
    return code.length < 80 ? [] : [{ text: code.slice(0, 2000), question: question.split(' ').length >= 4 && question.length < 200 && !/^[\w.]*\(/.test(question) ? question : undefined }];
  });
}

function explanationsOf(text: string): Passage[] {
  return text.split(/^(?==item )/m).slice(1).flatMap((item) => {
    const [, message = '', explanation = ''] = /^=item (.*)\n([\s\S]*?)(?=^=back|$(?![\s\S]))/m.exec(item) ?? [];
    const own = explanation.replace(/[A-Z]<<?\s*(.*?)\s*>?>/g, '$1').trim();
    const filled = message.replace(/[A-Z]<(.*?)>/g, '$1').replace(/"?%s"?/g, 'main::value').replace(/%[a-z]/g, '42');
    return own.length < 80 ? [] : [{ file: message.slice(0, 1).toUpperCase(), text: own.slice(0, 2000), question: filled.split(' ').length >= 3 ? filled : undefined }];
  });
}

function errorLines(): Dialogue {
  const path = projectFile('agent/errors/data/example-lines.json');
  if (!existsSync(path)) return { turns: [], questions: [], lastMs: 0 };
  const bySoftware = z.record(z.string(), z.record(z.string(), z.array(z.string()))).parse(JSON.parse(readFileSync(path, 'utf8')));
  const groups = byHash(Object.entries(bySoftware), ([software]) => software).slice(0, FILES).flatMap(([software, causes]) => Object.entries(causes).map(([cause, lines]) => ({ software, cause, lines: lines.slice(0, 8) }))).filter(({ lines }) => lines.length >= 4);
  const turns = groups.flatMap(({ software, cause, lines }) => lines.slice(1).map((text, i): RememberInput => ({ type: 'tool_result', text, sessionId: software, sourceId: `${software} ${cause} ${i}`, occurredAt: new Date(DAY_MS * 19_000).toISOString() })));
  const questions = groups.map(({ software, cause, lines }) => ({ text: lines[0]!, category: 'document', turns: lines.slice(1).map((_, i) => `${software} ${cause} ${i}`), sessions: [software] }));
  return { turns, questions: byHash(questions, ({ text }) => text).slice(0, QUESTIONS), lastMs: DAY_MS * 19_100 };
}

/** README files are distinguished by their folder. */
function fileName(path: string): string {
  return basename(path) === 'README.md' ? basename(dirname(path)) : basename(path);
}

/** A fixed order that is not alphabetical. */
function byHash<T>(items: readonly T[], name: (item: T) => string): T[] {
  const hash = (item: T): string => createHash('sha256').update(name(item)).digest('hex');
  return items.map((item) => ({ item, at: hash(item) })).toSorted((a, b) => a.at.localeCompare(b.at)).map(({ item }) => item);
}
