// Generates SSH key pairs: the key the host logs in with, and the host key it gives a guest so that it can be pinned. key-folder.ts stores
// them.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface SshKeyPair {
  /** OpenSSH private key text, without a passphrase: a secret. */
  privateKey: string;
  /** One line in authorized_keys format. */
  publicKey: string;
}

const KEY_TYPE = 'ssh-ed25519';

/**
 * Generates an ed25519 pair. Encoded here, following OpenSSH's PROTOCOL.key: ssh2's generator (1.17.0) takes the bytes of the key from the wrong
 * place when they happen to look like DER, which makes one pair in two hundred useless.
 */
export function generateSshKeyPair(comment: string): SshKeyPair {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const publicBytes = Buffer.from(key.x ?? '', 'base64url');
  const privateBytes = Buffer.from(key.d ?? '', 'base64url');
  const publicBlob = Buffer.concat([field(KEY_TYPE), field(publicBytes)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, publicBlob, field(Buffer.concat([privateBytes, publicBytes])), field(comment)]);
  const blockBytes = 8;
  const padding = Buffer.from(Array.from({ length: (blockBytes - (secret.length % blockBytes)) % blockBytes }, (_, i) => i + 1));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), uint32(1), field(publicBlob), field(Buffer.concat([secret, padding])),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${KEY_TYPE} ${publicBlob.toString('base64')} ${comment}`,
  };
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
