// Decodes text: by byte order mark, by the encoding that the sender or an HTML or XML head declares, otherwise as UTF-8, or Windows-1252 if the bytes are not UTF-8.

export function decodeText(bytes: Uint8Array, mediaType?: string): string {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
  const declared = marked ?? charsetIn(mediaType ?? '') ?? charsetIn(Buffer.from(bytes.subarray(0, 2048)).toString('latin1'));
  if (declared !== undefined && declared !== 'utf-8') {
    const decoder = decoderOf(declared);
    if (decoder !== undefined) return decoder.decode(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Use the declared encoding even if some bytes are damaged.
    return new TextDecoder(declared === 'utf-8' ? 'utf-8' : 'windows-1252').decode(bytes);
  }
}

function charsetIn(text: string): string | undefined {
  return /(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_-]+)/i.exec(text)?.[1]?.toLowerCase();
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
