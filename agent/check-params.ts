// Validates what the host sends, by hand, because the agent does not load zod (see constants.ts). The schemas in contract.ts are authoritative; a
// test compares these checks with them. Values for files and command lines are checked more strictly than their type requires.
import type { Identity, PortParams } from './contract.ts';
import { SomnusError } from '../common/errors.ts';
import { fixOutcomes, MAX_ATTEMPT_TEXT, MAX_COMMAND_OUTPUT, MAX_FIX_ID } from './constants.ts';

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const HOST_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

type Fields = Record<string, unknown>;

/** @throws SomnusError `invalid_request` naming the field */
export function checkIdentity(value: unknown): Identity {
  const given = object(value, 'params', ['environmentId', 'hostname', 'machineId', 'network', 'authorizedKey', 'sshHostKey', 'generation']);
  const network = object(given['network'], 'network', ['mac', 'ip', 'gateway', 'dns']);
  return {
    environmentId: line(given, 'environmentId'),
    hostname: matching(given, 'hostname', HOST_NAME),
    machineId: matching(given, 'machineId', /^[0-9a-f]{32}$/),
    network: { mac: matching(network, 'mac', MAC), ip: matching(network, 'ip', IPV4), gateway: matching(network, 'gateway', IPV4), dns: matching(network, 'dns', IPV4) },
    authorizedKey: line(given, 'authorizedKey'),
    sshHostKey: text(given, 'sshHostKey'),
    generation: integer(given, 'generation', 1),
  };
}

export function checkNothing(value: unknown): Record<string, never> {
  object(value, 'params', []);
  return {};
}

export function checkSetClock(value: unknown): PortParams<'setClock'> {
  const { unixMs } = object(value, 'params', ['unixMs']);
  if (typeof unixMs !== 'number' || !Number.isFinite(unixMs) || unixMs < 0) throw invalid('unixMs', 'a time in milliseconds');
  return { unixMs };
}

export function checkSetVcpus(value: unknown): PortParams<'setVcpus'> {
  return { online: integer(object(value, 'params', ['online']), 'online', 1) };
}

export function checkPowerOff(value: unknown): PortParams<'powerOff'> {
  const { mode } = object(value, 'params', ['mode']);
  if (mode !== 'poweroff' && mode !== 'reboot') throw invalid('mode', 'poweroff or reboot');
  return { mode };
}

export function checkWatch(value: unknown): PortParams<'watch'> {
  const { names } = object(value, 'params', ['names']);
  const isName = (name: unknown): name is string => typeof name === 'string' && name.length >= 1 && name.length <= 64;
  if (!Array.isArray(names) || names.length > 32 || !names.every(isName)) throw invalid('names', 'at most 32 names of 1 to 64 characters');
  return { names };
}

export function checkOffset(value: unknown): PortParams<'incidents'> {
  return { offset: integer(object(value, 'params', ['offset']), 'offset', 0) };
}

export function checkSoftReboot(value: unknown): PortParams<'softReboot'> {
  const deadlineMs = integer(object(value, 'params', ['deadlineMs']), 'deadlineMs', 0);
  if (deadlineMs > 600_000) throw invalid('deadlineMs', 'at most 600000');
  return { deadlineMs };
}

export function checkApplyFix(value: unknown): PortParams<'applyFix'> {
  const given = object(value, 'params', ['incidentId', 'fixId']);
  return { incidentId: short(given, 'incidentId'), ...(given['fixId'] === undefined ? {} : { fixId: short(given, 'fixId') }) };
}

export function checkRecordHostFix(value: unknown): PortParams<'recordHostFix'> {
  const given = object(value, 'params', ['incidentId', 'attempt']);
  const attempt = object(given['attempt'], 'attempt', ['fixId', 'what', 'atMs', 'automatic', 'outcome', 'detail']);
  const { atMs, automatic } = attempt;
  const outcome = fixOutcomes.find((each) => each === attempt['outcome']);
  if (typeof atMs !== 'number' || !Number.isFinite(atMs)) throw invalid('atMs', 'a time in milliseconds');
  if (typeof automatic !== 'boolean') throw invalid('automatic', 'true or false');
  if (outcome === undefined) throw invalid('outcome', fixOutcomes.join(', '));
  const of = (name: string, characters: number): string => limited(attempt, name, characters);
  return { incidentId: short(given, 'incidentId'), attempt: { fixId: of('fixId', MAX_FIX_ID), what: of('what', MAX_ATTEMPT_TEXT), atMs, automatic, outcome, detail: of('detail', MAX_ATTEMPT_TEXT) } };
}

export function checkLearnBenign(value: unknown): PortParams<'learnBenign'> {
  return { incidentId: short(object(value, 'params', ['incidentId']), 'incidentId') };
}

export function checkSetFixes(value: unknown): PortParams<'setFixes'> {
  const { mode } = object(value, 'params', ['mode']);
  if (mode !== 'off' && mode !== 'suggest' && mode !== 'act') throw invalid('mode', 'off, suggest or act');
  return { mode };
}

export function checkCommandFailed(value: unknown): PortParams<'commandFailed'> {
  const given = object(value, 'params', ['program', 'output']);
  return { program: short(given, 'program'), output: limited(given, 'output', MAX_COMMAND_OUTPUT) };
}

export function checkSetEngine(value: unknown): PortParams<'setEngine'> {
  const { engine } = object(value, 'params', ['engine']);
  if (engine !== 'rules' && engine !== 'embedding') throw invalid('engine', 'rules or embedding');
  return { engine };
}

function short(from: Fields, name: string): string {
  return limited(from, name, 64);
}

function limited(from: Fields, name: string, characters: number): string {
  const value = text(from, name);
  if (value.length > characters) throw invalid(name, `at most ${characters} characters`);
  return value;
}

function object(value: unknown, name: string, keys: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object');
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new SomnusError('invalid_request', `${unknown} is not a known field`);
  return value as Fields;
}

function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw invalid(name, 'a string');
  return value;
}

function line(from: Fields, name: string): string {
  const value = text(from, name);
  if (/[\n\r\0]/.test(value)) throw invalid(name, 'a single line');
  return value;
}

function matching(from: Fields, name: string, pattern: RegExp): string {
  const value = text(from, name);
  if (!pattern.test(value)) throw invalid(name, `like ${pattern.source}`);
  return value;
}

function integer(from: Fields, name: string, minimum: number): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum) throw invalid(name, `an integer of at least ${minimum}`);
  return value;
}

function invalid(name: string, expected: string): SomnusError {
  return new SomnusError('invalid_request', `${name} must be ${expected}`);
}
