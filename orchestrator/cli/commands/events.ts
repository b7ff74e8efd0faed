// somnus events: lists past events, or follows new ones.
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '../../client/schema.d.ts';
import { isConnectionError, type ApiClient } from '../api/api-client.ts';
import type { QueryOf } from '../api/api-types.ts';
import { serverSentEvents } from '../api/server-sent-events.ts';
import type { Cli } from '../command.ts';
import { eventLine } from '../views/event-view.ts';

const reconnectMs = 1000;

type Filter = QueryOf<'get', '/v1/events'>;

interface EventOptions { follow: boolean; since: string | undefined; type: string | undefined; subject: string | undefined; limit: number | undefined; all: boolean }

export async function events(cli: Cli, _args: unknown, options: EventOptions): Promise<void> {
  const { type, subject } = options;
  const api = await cli.api();
  // People want to know what changed; programs, and those who ask for a type, get everything.
  const filter = { type, subject, changes: cli.out.json || type !== undefined ? undefined : true };
  const next = await printPast(cli, api, filter, options);
  if (options.follow) await followEvents(cli, api, filter, next);
}

/** Prints the past events and returns the cursor to continue from. */
async function printPast(cli: Cli, api: ApiClient, filter: Filter, options: EventOptions): Promise<string | undefined> {
  let since = options.since;
  // Following without a cursor starts with a few recent events.
  const limit = options.limit ?? (options.follow && since === undefined ? 10 : undefined);
  for (;;) {
    const found = await api.call('get', '/v1/events', { query: { ...filter, since, limit }, headers: { accept: 'application/json' } });
    for (const event of found.items) print(cli, event);
    since = found.items.at(-1)?.cursor ?? since;
    if (found.nextCursor === null) return since;
    if (!options.all && !options.follow) {
      cli.out.note(`More events: use --since ${since}`);
      return since;
    }
  }
}

/** Runs until interrupted. Reconnects after a lost connection and continues after the last event it has seen. */
async function followEvents(cli: Cli, api: ApiClient, filter: Filter, from: string | undefined): Promise<never> {
  let since = from;
  let away = false;
  for (;;) {
    try {
      const stream = await api.open('get', '/v1/events', { query: filter, headers: { accept: 'text/event-stream', ...(since === undefined ? {} : { 'last-event-id': since }) } });
      if (away) cli.out.note('Connected again.');
      away = false;
      for await (const message of serverSentEvents(stream as AsyncIterable<Buffer>)) {
        const event = JSON.parse(message.data) as Event;
        since = event.cursor;
        print(cli, event);
      }
    } catch (error) {
      if (!isBrokenConnection(error)) throw error;
    }
    if (!away) cli.out.note('Lost the connection; reconnecting.');
    away = true;
    await delay(reconnectMs);
  }
}

function isBrokenConnection(error: unknown): boolean {
  return isConnectionError(error) || (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
    || (error as { code?: string }).code === 'unavailable';
}

function print({ out }: Cli, event: Event): void {
  out.item(event, () => eventLine(event));
}
