// A finding: the result of one of the doctor's checks.
import type { DoctorCheck } from './host.ts';

export type Finding = Omit<DoctorCheck, 'name'>;

export const ok = (found: string, details: Record<string, unknown> = {}): Finding => ({ status: 'ok', found, fix: null, details });
export const warning = (found: string, fix: string, details: Record<string, unknown> = {}): Finding => ({ status: 'warning', found, fix, details });
export const failed = (found: string, fix: string, details: Record<string, unknown> = {}): Finding => ({ status: 'failed', found, fix, details });
