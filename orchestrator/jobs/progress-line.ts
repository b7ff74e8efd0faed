// Recognizes progress in the output of programs: "step 40/1000, ETA 2 h", "67%|██████ | 67/100 [00:10<00:05]", "Epoch 3 of 20". Pure.
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';

export const JobProgress = z.strictObject({
  percent: z.number().nullable().meta({ description: '0 to 100.' }),
  done: z.number().nullable().meta({ description: 'Iterations so far: 40 for "step 40/1000".' }),
  total: z.number().nullable(),
  etaSeconds: z.number().nullable().meta({ description: 'Remaining time that the program reports, in seconds.' }),
  line: z.string().meta({ description: 'The line of output with the progress.' }),
});
export type JobProgress = z.infer<typeof JobProgress>;

const LINES = 8;
const LINE_CHARACTERS = 200;

// "40/1000" counts only after a word such as step, or if the line also has a percentage or a bar: 1/2 may be a date or a path.
const rounds = /\b(?:step|iter(?:ation)?|epoch|batch|round|trial|episode|item|file|chunk|part|task|test|block|frame|sample|row|line|image|record|page|layer|generation)s?\b[\s:#=[(]*(\d[\d,_]*(?:\.\d+)?[kKM]?)\s*(?:\/|of|out of)\s*(\d[\d,_]*(?:\.\d+)?[kKM]?)/i;
const bare = /(?:^|[\s[(|])(\d[\d,_]*(?:\.\d+)?[kKM]?)\s*(?:\/|of|out of)\s*(\d[\d,_]*(?:\.\d+)?[kKM]?)(?=$|[\s\])|,;])/;
const percentage = /(?:^|[^\d.])(\d{1,3}(?:\.\d+)?)\s?%/;
const eta = /\b(?:ETA|remaining|time left|left|estimated)\b[^\d\n]{0,12}((?:\d+:)?\d{1,2}:\d{2}(?::\d{2})?|(?:\d+(?:\.\d+)?\s*(?:d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)\b[\s,]*(?:and\s+)?)+)/i;
const etaBefore = /((?:\d+(?:\.\d+)?\s*(?:d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?)\b[\s,]*(?:and\s+)?)+)(?:remaining|left|to go)\b/i;
/** tqdm: [elapsed<remaining, rate]. */
const etaOfBar = /<((?:\d+:)?\d{1,2}:\d{2}(?::\d{2})?)[,\]]/;
const bar = /[█▉▊▋▌▍▎▏#=>-]{3,}|\|.*\|/;

/** The last progress in the end of a program's output; undefined if there is none. */
export function progressIn(tail: string): JobProgress | undefined {
  const lines = stripVTControlCharacters(tail).split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== '').slice(-LINES);
  return lines.map(progressOf).findLast((progress) => progress !== undefined);
}

function progressOf(whole: string): JobProgress | undefined {
  const line = whole.slice(0, LINE_CHARACTERS);
  const percentText = percentage.exec(line)?.[1];
  const etaText = eta.exec(line)?.[1] ?? etaOfBar.exec(line)?.[1] ?? etaBefore.exec(line)?.[1];
  const counts = rounds.exec(line) ?? (percentText !== undefined || etaText !== undefined || bar.test(line) ? bare.exec(line) : null);
  const [done, total] = [numberOf(counts?.[1]), numberOf(counts?.[2])];
  const counted = done !== null && total !== null && total > 0 && done <= total ? { done, total } : null;
  const said = percentText === undefined || Number(percentText) > 100 ? null : Number(percentText);
  // A percentage may be an accuracy or a disk's usage: it counts only with a count, a bar, an ETA or a word such as complete, or alone on its line.
  const percent = counted !== null ? (counted.done / counted.total) * 100 : said !== null && (etaText !== undefined || bar.test(line) || /\b(?:progress|complete[d]?|done|finished|download\w*|upload\w*|copied|processed)\b/i.test(line) || /^[\d.\s%[\]()]+$|^\[\s*\d{1,3}(?:\.\d+)?%\]/.test(line)) ? said : null;
  if (percent === null) return undefined;
  return { percent: Math.round(percent * 10) / 10, done: counted?.done ?? null, total: counted?.total ?? null, etaSeconds: etaText === undefined ? null : secondsOf(etaText), line };
}

function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const unit = { k: 1e3, K: 1e3, M: 1e6 }[text.at(-1) ?? ''] ?? 1;
  const number = Number(text.replaceAll(/[,_kKM]/g, '')) * unit;
  return Number.isFinite(number) ? number : null;
}

/** `1:02:03`, `02:03`, `2 h`, `1h 20m`, `3 minutes and 5 seconds`. */
function secondsOf(text: string): number | null {
  if (text.includes(':')) return text.split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([dhms])/gi)];
  const per: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };
  return parts.length === 0 ? null : Math.round(parts.reduce((seconds, [, amount, unit = '']) => seconds + Number(amount) * (per[unit.toLowerCase()] ?? 0), 0));
}
