// Maps libvirt's error codes to ours.
import { SomnusError, type ErrorCode } from '../../common/errors.ts';
import type { RawError } from './libvirt-ffi.ts';

/** Codes of virErrorNumber (virterror.h) with their own meaning here; all others become `libvirt`. */
const meanings: Record<number, ErrorCode> = {
  3: 'unsupported', // NO_SUPPORT
  16: 'invalid_request', // OS_TYPE
  21: 'invalid_request', // NO_NAME
  27: 'invalid_request', // XML_ERROR
  35: 'invalid_request', // XML_DETAIL
  42: 'not_found', // NO_DOMAIN
  55: 'invalid_state', // OPERATION_INVALID
  67: 'unsupported', // CONFIG_UNSUPPORTED
  68: 'timeout', // OPERATION_TIMEOUT: another call holds the domain
  74: 'unsupported', // ARGUMENT_UNSUPPORTED
  84: 'unsupported', // OPERATION_UNSUPPORTED
  86: 'guest_unreachable', // AGENT_UNRESPONSIVE
  92: 'invalid_request', // XML_INVALID_SCHEMA
  97: 'guest_unreachable', // AGENT_UNSYNCED
};

/** `details` always contains libvirt's own numbers: {libvirtCode, libvirtDomain, level, call}. */
export function libvirtError(call: string, raw: RawError | undefined): SomnusError {
  if (raw === undefined || raw.code === 0) return new SomnusError('libvirt', `libvirt's ${call} failed without a reason`, { details: { libvirtCode: 0, call } });
  const details = { libvirtCode: raw.code, libvirtDomain: raw.domain, level: raw.level, call };
  return new SomnusError(meanings[raw.code] ?? 'libvirt', raw.message ?? `libvirt's ${call} failed with code ${raw.code}`, { details });
}

/** Returns the error of a command that QEMU or the guest agent refused. */
export function qemuError(call: string, error: { class?: unknown; desc?: unknown }): SomnusError {
  const qmpClass = typeof error.class === 'string' ? error.class : 'GenericError';
  const description = typeof error.desc === 'string' ? error.desc : 'no description';
  return new SomnusError(qmpClass === 'CommandNotFound' ? 'unsupported' : 'libvirt', `QEMU refused ${call}: ${description}`, { details: { qmpClass, call } });
}
