import { describe, expect, test } from 'vitest';
import { fernetToken, newFernetKey, readFernetToken } from '../../orchestrator/memory/crypto/fernet.ts';
import { randomCredential, unwrapKey, wrapKey } from '../../orchestrator/memory/crypto/key-wrap.ts';
import { seal, SpaceKeys, unseal } from '../../orchestrator/memory/crypto/seal.ts';

const key = Buffer.alloc(32, 7);

describe('Sealing', () => {
  test('returns what was sealed, only in its own context', () => {
    const sealed = seal(key, Buffer.from('a secret'), 'record 1');
    expect(unseal(key, sealed, 'record 1').toString()).toBe('a secret');
    expect(() => unseal(key, sealed, 'record 2')).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(() => unseal(Buffer.alloc(32, 8), sealed, 'record 1')).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  test('detects every changed byte', () => {
    const sealed = seal(key, Buffer.from('a secret'), 'x');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = changed[at]! ^ 1;
      expect(() => unseal(key, changed, 'x')).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }
  });

  test('never seals the same text to the same bytes, and hashes it to the same fingerprint only within one space', () => {
    expect(seal(key, Buffer.from('same'), 'x').equals(seal(key, Buffer.from('same'), 'x'))).toBe(false);
    const [one, other] = [new SpaceKeys(Buffer.alloc(32, 1)), new SpaceKeys(Buffer.alloc(32, 2))];
    expect(one.fingerprint('same').equals(one.fingerprint('same'))).toBe(true);
    expect(one.fingerprint('same').equals(other.fingerprint('same'))).toBe(false);
  });
});

describe('Wrapping a data key', () => {
  test('unwraps with the secret it was wrapped with and reports locked for any other', async () => {
    const wrap = await wrapKey('secret', key, 'correct horse battery', 'spc_1');
    expect((await unwrapKey(wrap, 'correct horse battery', 'spc_1')).equals(key)).toBe(true);
    await expect(unwrapKey(wrap, 'correct horse batterz', 'spc_1')).rejects.toMatchObject({ code: 'locked' });
    await expect(unwrapKey(wrap, 'correct horse battery', 'spc_2')).rejects.toMatchObject({ code: 'locked' });
  });

  test('unwraps with a recovery key however it is typed', async () => {
    const credential = randomCredential();
    const wrap = await wrapKey('recovery', key, credential, 'spc_1');
    expect((await unwrapKey(wrap, ` ${credential.toUpperCase()}\n`, 'spc_1')).equals(key)).toBe(true);
  });

  test('refuses a secret that is too short', async () => {
    await expect(wrapKey('secret', key, 'short', 'spc_1')).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

// The test vectors of github.com/fernet/spec.
const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const TOKEN = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const INVALID: [reason: string, token: string, now: string][] = [
  ['incorrect mac', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==', '1985-10-26T01:20:01-07:00'],
  ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==', '1985-10-26T01:20:01-07:00'],
  ['invalid base64', '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==', '1985-10-26T01:20:01-07:00'],
  ['payload size not multiple of block size', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm', '1985-10-26T01:20:01-07:00'],
  ['payload padding error', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==', '1985-10-26T01:20:01-07:00'],
  ['far-future time', 'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==', '1985-10-26T01:20:01-07:00'],
  ['expired', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==', '1985-10-26T01:21:31-07:00'],
  ['incorrect initialization vector', 'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==', '1985-10-26T01:20:01-07:00'],
];

describe('Fernet', () => {
  test('creates the token of the specification', () => {
    const iv = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
    expect(fernetToken(SECRET, Buffer.from('hello'), { nowMs: Date.parse('1985-10-26T01:20:00-07:00'), iv })).toBe(TOKEN);
  });

  test('reads the token of the specification', () => {
    expect(readFernetToken(SECRET, TOKEN, { nowMs: Date.parse('1985-10-26T01:20:01-07:00'), ttlSeconds: 60 }).toString()).toBe('hello');
  });

  test.each(INVALID)('refuses the specification\'s token with %s', (_reason, token, now) => {
    expect(() => readFernetToken(SECRET, token, { nowMs: Date.parse(now), ttlSeconds: 60 })).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });

  test('reads its own tokens', () => {
    const fresh = newFernetKey();
    expect(readFernetToken(fresh, fernetToken(fresh, Buffer.from('übung'))).toString()).toBe('übung');
  });
});
