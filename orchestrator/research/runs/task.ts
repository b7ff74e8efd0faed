// What a run has to do, whatever its workflow: pages to collect, claims to check, questions to answer. Pure.
import { claimsOf } from '../evidence/claims.ts';
import { questionsOf } from '../evidence/questions.ts';
import type { DeepDiveInput, ResearchRun } from './research-run.ts';

export interface Task extends Pick<DeepDiveInput, 'urls' | 'engines' | 'allowHosts' | 'maxPages' | 'maxSeconds' | 'maxMiB' | 'maxAgeSeconds' | 'offline'> {
  /** What to ask search engines. */
  queries: string[];
  claims: string[];
  questions: string[];
  writer?: DeepDiveInput['writer'];
  /** Whether to collect the pages that feeds and sitemaps list. */
  expands: boolean;
}

export function taskOf(run: ResearchRun): Task {
  switch (run.workflow) {
    case 'fact-check': {
      const claims = claimsOf(run.input.claims);
      return { ...run.input, claims, questions: [], writer: 'quotes', queries: claims, expands: false };
    }
    case 'deep-dive': {
      const questions = questionsOf(run.input.questions);
      return { ...run.input, claims: [], questions, queries: questions, expands: false };
    }
    case 'collect': return { ...run.input, engines: undefined, claims: [], questions: [], writer: 'quotes', queries: [], expands: true };
  }
}
