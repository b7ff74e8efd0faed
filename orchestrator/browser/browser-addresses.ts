// Which addresses a tab may show. The network policy of the environment decides what the browser can reach; this is a second check, of where the main document of each tab really came from.
import { isIP } from 'node:net';
import { SomnusError } from '../../common/errors.ts';
import type { AddressGuard } from '../research/fetch/address-guard.ts';

const empty = /^(?:about:(?:blank|srcdoc)$|chrome-error:\/\/|chrome:\/\/(?:newtab|new-tab-page)\/?$|blob:https?:\/\/|:?$)/;

export interface BrowserAddresses {
  /** The address to open. One that begins with a host name gets `https://`. @throws invalid_request, address_refused */
  opened(url: string): string;
  /** Checks a document of a tab; `address` is where it came from, if known. @throws address_refused */
  assertMayShow(url: string, address: string | null): void;
}

export function browserAddresses({ guard, internalOrigins }: { guard: AddressGuard; internalOrigins: readonly string[] }): BrowserAddresses {
  const assertMayShow = (text: string, address: string | null): void => {
    if (empty.test(text)) return;
    const url = URL.parse(text);
    if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new SomnusError('address_refused', `${text.slice(0, 200)} is not a web address`);
    if (internalOrigins.includes(url.origin)) return;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (host === 'localhost' || host.endsWith('.localhost')) throw new SomnusError('address_refused', `${host} is not a public address`, { details: { host } });
    if (isIP(host) !== 0) guard.assertPublic(host, host);
    if (address !== null) guard.assertPublic(address, host);
  };
  return {
    assertMayShow,
    opened(typed) {
      if (typed === 'about:blank') return typed;
      const text = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#]|$)/.test(typed) ? `https://${typed}` : typed;
      const url = URL.parse(text);
      if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new SomnusError('invalid_request', `${typed.slice(0, 200)} is not a web address`, { hint: 'Use an address that starts with https:// or http://.' });
      assertMayShow(url.href, null);
      return url.href;
    },
  };
}
