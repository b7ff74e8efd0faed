// Parses the two sides of `somnus cp` and finds where a copy ends up. The rules are those of docker cp. Pure.
import { posix, basename as localBasename, join as localJoin } from 'node:path';
import { SomnusError } from '../../../common/errors.ts';

export type Place =
  | { where: 'here'; path: string }
  | { where: 'guest'; name: string; path: string }
  | { where: 'stream' };

/** Relative paths in a guest start here. */
const guestHome = '/root';

/** `NAME:PATH`, a local path, or `-`. Write a local path with a colon with its folder: `./a:b`. */
export function parsePlace(typed: string): Place {
  if (typed === '-') return { where: 'stream' };
  const match = /^([^/.:][^/:]*):(.*)$/s.exec(typed);
  if (match === null) return { where: 'here', path: typed };
  const [, name = '', path = ''] = match;
  return { where: 'guest', name, path: path.startsWith('/') ? path : posix.join(guestHome, path === '' ? '/' : path) };
}

/** As the user writes it. */
export function placeText(place: Place): string {
  if (place.where === 'stream') return '-';
  return place.where === 'here' ? place.path : `${place.name}:${place.path}`;
}

export type Kind = 'file' | 'directory' | 'other' | 'missing';

/**
 * Where a file ends up: inside the target if that is a folder, else at the target path.
 * @throws invalid_request, not_found when the target is written as a folder that does not exist
 */
export function fileLanding(source: string, target: string, targetKind: Kind, side: 'here' | 'guest'): string {
  if (targetKind === 'directory') return joinOn(side, target, nameOf(source));
  if (!target.endsWith('/')) return target;
  if (targetKind === 'missing') throw new SomnusError('not_found', `The folder ${target} does not exist`, { hint: 'Create it first, or omit the slash to name the file.' });
  throw new SomnusError('invalid_request', `${target} is not a folder`, { hint: 'Omit the slash to replace the file.' });
}

/**
 * Where a folder's content ends up: in the target if that does not exist yet or the source ends in `/.`, else in a folder of the source's name inside it.
 * @throws invalid_request when the target is not a folder
 */
export function folderLanding(source: string, target: string, targetKind: Kind, side: 'here' | 'guest'): string {
  if (targetKind === 'missing') return target;
  if (targetKind !== 'directory') throw new SomnusError('invalid_request', `${target} is not a folder, so a folder cannot be copied there`, { hint: 'Name a folder, or one that does not exist yet.' });
  if (/(^|\/)\.$/.test(source)) return target;
  return joinOn(side, target, nameOf(source));
}

function nameOf(source: string): string {
  const name = localBasename(source);
  if (name === '' || name === '..') throw new SomnusError('invalid_request', `${source} has no name to copy it under`, { hint: 'End the path with /. to copy its content.' });
  return name;
}

function joinOn(side: 'here' | 'guest', folder: string, name: string): string {
  return side === 'guest' ? posix.join(folder, name) : localJoin(folder, name);
}
