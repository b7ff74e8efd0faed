// /v1/events: events as a page or a stream.
import { Event, EventFilter } from '../../events/event.ts';
import { PageQuery } from '../../store/page.ts';
import { EventPage } from '../answers.ts';
import { validate } from '../request-input.ts';
import { route, type Route } from '../route.ts';
import { sseStream } from '../sse-events.ts';

const EventQuery = PageQuery.extend(EventFilter.shape);
const Cursor = EventFilter.pick({ since: true });

export const eventRoutes: readonly Route[] = [
  route({
    method: 'get', path: '/v1/events', id: 'followEvents', summary: 'Follow events, or list them',
    description: 'Streams server-sent events until the client disconnects, starting after `Last-Event-ID` or `since`, or from now. '
      + 'With Accept: application/json, returns a page, oldest first: events after `since` or `cursor`, or the newest `limit`.',
    access: { scope: 'read', limitedKeys: true }, query: EventQuery,
    headers: { 'Last-Event-ID': 'The cursor to continue after; takes precedence over `since`.' },
    answers: { 200: { description: 'A stream with one event per message, or a page.', contentType: 'text/event-stream', schema: Event, also: { 'application/json': EventPage } } },
    handle: async ({ caller, query, headers, ending }, { services, aliveMs }) => {
      const { limit, cursor, ...filter } = query;
      const last = headers['last-event-id'];
      const { since } = validate('header', Cursor, { since: typeof last === 'string' && last !== '' ? last : cursor ?? filter.since });
      const accept = headers.accept ?? '';
      if (accept.includes('application/json') && !accept.includes('text/event-stream')) {
        return { status: 200, body: await services.events.list(caller, { ...filter, since, limit }) satisfies EventPage };
      }
      const events = services.events.subscribe(caller, { ...filter, since }, ending);
      return { status: 200, headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' }, body: sseStream(events, aliveMs) };
    },
  }),
];
