// Reads a stream of server-sent events.
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Yields each event after its empty line; drops comments and an incomplete event at the end. */
export async function* serverSentEvents(stream: AsyncIterable<Buffer>): AsyncGenerator<EventSourceMessage> {
  const decoder = new TextDecoder();
  const complete: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => { complete.push(event); } });
  for await (const chunk of stream) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* complete.splice(0);
  }
}
