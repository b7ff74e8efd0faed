// Reads a stream of server-sent events (WHATWG HTML, section 9.2). Pure except for the stream.

export interface ServerSentEvent { id: string; event: string; data: string }

/** Yields each event after its empty line; drops comments and an incomplete event at the end. */
export async function* serverSentEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let current = { id: '', event: 'message', data: [] as string[] };
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (current.data.length > 0) yield { ...current, data: current.data.join('\n') };
        current = { id: current.id, event: 'message', data: [] };
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const content = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'id') current.id = content;
      else if (field === 'event') current.event = content;
      else if (field === 'data') current.data.push(content);
    }
  }
}
