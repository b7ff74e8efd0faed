// The parts that inputs of several workflows have in common: which pages a run may visit, and how much.
import { z } from 'zod';

export const Url = z.string().min(1).max(4096);
const Host = z.string().min(1).max(253).toLowerCase();

/** Claims, questions or queries. */
export const Texts = z.array(z.string().min(3).max(1000)).min(1).max(50);

export const SearchEngines = z.array(z.string().max(50)).max(10).optional().meta({ description: 'Which search engines to ask. If omitted: all configured ones, and the local index.' });

export const Writer = z.enum(['quotes', 'model']).meta({ description: 'Whether the report consists of quotes, or a language model writes it. If omitted: the model, if one is configured.' });

export const runLimits = {
  allowHosts: z.array(Host).max(100).optional().meta({ description: 'Only these hosts and their subdomains are visited.' }),
  maxPages: z.int().min(0).max(500).default(60).meta({ description: 'Maximum number of pages to collect.' }),
  maxSeconds: z.int().min(1).max(7200).default(1200).meta({ description: 'Maximum time for collecting pages; the run then uses what has been collected.' }),
  maxMiB: z.int().min(1).max(10_000).default(500).meta({ description: 'Maximum size of all pages together; after that, no more pages are collected.' }),
  maxAgeSeconds: z.number().min(0).default(86_400).meta({ description: 'Stored pages of at most this age are not requested again.' }),
  offline: z.boolean().default(false).meta({ description: 'Use only pages that were collected before.' }),
};

/** Users cannot give these names to workflows of their own. */
export const builtInWorkflows: readonly string[] = ['fact-check', 'deep-dive', 'collect', 'own'];
