// What a run has to do, whatever its workflow: pages to collect, claims to check, questions to answer. Pure.
import { claimsOf } from '../evidence/claims.ts';
import { questionsOf } from '../evidence/questions.ts';
import type { DeepDiveInput, NewRun } from './research-run.ts';

export interface Task extends Pick<DeepDiveInput, 'urls' | 'engines' | 'allowHosts' | 'maxPages' | 'maxSeconds' | 'maxMiB' | 'maxAgeSeconds' | 'offline'> {
  /** What to ask search engines. */
  queries: string[];
  claims: string[];
  questions: string[];
  writer?: DeepDiveInput['writer'];
  /** Whether to collect the pages that feeds and sitemaps list. */
  expands: boolean;
}

export function taskOf(run: NewRun): Task {
  switch (run.workflow) {
    case 'fact-check': {
      const claims = claimsOf(run.input.claims);
      return { ...run.input, claims, questions: [], writer: 'quotes', queries: claims, expands: false };
    }
    case 'deep-dive': {
      const questions = questionsOf(run.input.questions);
      return { ...run.input, claims: [], questions, queries: questions, expands: false };
    }
    case 'own': {
      const { settings, steps } = run.input.document;
      const claims = claimsOf(steps.flatMap((step) => step['fact-check']?.claims ?? []));
      const questions = questionsOf(steps.flatMap((step) => step.extract?.questions ?? []));
      return {
        ...settings, claims, questions, queries: steps.flatMap((step) => step.search?.queries ?? []), urls: steps.flatMap((step) => step.collect?.urls ?? []), expands: steps.some((step) => step.collect !== undefined),
        writer: steps.find((step) => step.report !== undefined)?.report?.writer,
      };
    }
    case 'collect': return { ...run.input, engines: undefined, claims: [], questions: [], writer: 'quotes', queries: [], expands: true };
  }
}
