// Redacts secrets in all parts of a new memory: its text, its metadata, and the name, caption and text content of its attachment.
import { redact } from '../../common/redact.ts';
import type { Attachment, Memory } from './memory.ts';

type Redacted = Pick<Memory, 'text' | 'attachment' | 'metadata'>;

export function redactAll<T extends Redacted>(input: T): { input: T; secrets: number } {
  let secrets = 0;
  const clean = (text: string): string => {
    const found = redact(text);
    secrets += found.secrets;
    return found.text;
  };
  // A value is checked together with its name, because a name such as "password" marks it as a secret.
  const cleanValue = (name: string, value: string): string => {
    const prefix = `${name}: `;
    const found = redact(prefix + value);
    secrets += found.secrets;
    return found.text.slice(prefix.length);
  };
  return {
    input: {
      ...input, text: clean(input.text),
      ...input.attachment === undefined ? {} : { attachment: cleanAttachment(input.attachment, clean) },
      ...input.metadata === undefined ? {} : { metadata: Object.fromEntries(Object.entries(input.metadata).map(([name, value]) => [name, cleanValue(name, value)])) },
    },
    secrets,
  };
}

function cleanAttachment(attachment: Attachment, clean: (text: string) => string): Attachment {
  const { name, caption, data } = attachment;
  return { ...attachment, ...name === undefined ? {} : { name: clean(name) }, ...caption === undefined ? {} : { caption: clean(caption) }, ...data === undefined ? {} : { data: cleanData(data, clean) } };
}

/** Binary content is not changed. */
function cleanData(data: string, clean: (text: string) => string): string {
  const bytes = Buffer.from(data, 'base64');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return data;
  }
  const found = text.includes('\0') ? text : clean(text);
  return found === text ? data : Buffer.from(found).toString('base64');
}
