// Chooses the image that has what a command needs. Pure.
import type { ContainerImageName } from '../../images/container-image.ts';
import type { ActionHints } from '../actions/routing/action-request.ts';

const languages: Readonly<Record<string, ContainerImageName>> = { python: 'python', javascript: 'node', typescript: 'node' };
const python = /^(?:python|pip|pytest|ipython)[\d.]*$/;
const node = /^(?:node|nodejs|npm|npx|tsx|tsc)$/;

/** By the language that the caller names, else by the programs of the command. */
export function imageFor(programs: readonly string[], { language }: Pick<ActionHints, 'language'>): ContainerImageName {
  const named = language === undefined ? undefined : languages[language.toLowerCase()];
  if (named !== undefined) return named;
  if (programs.some((name) => python.test(name))) return 'python';
  return programs.some((name) => node.test(name)) ? 'node' : 'base';
}
