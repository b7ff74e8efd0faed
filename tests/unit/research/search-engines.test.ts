import { expect, test } from 'vitest';
import { brave, searxng } from '../../../orchestrator/research/search/web-engines.ts';
import { scratchResearch } from '../../support/research.ts';
import { WebServer } from '../../support/web-server.ts';

const signal = new AbortController().signal;
const json = (value: unknown) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });

test('SearXNG is asked for JSON, and results that are not web pages are left out', async () => {
  await using web = await WebServer.start({
    '/sx/search': json({ query: 'tides', number_of_results: 0, results: [
      { url: 'https://sea.example/tides', title: 'Tides', content: 'The tide …', engine: 'duckduckgo', parsed_url: ['https', 'sea.example', '/tides', '', '', ''], template: 'default.html', engines: ['duckduckgo'], positions: [1], score: 1, category: 'general' },
      { url: 'magnet:?xt=1', title: 'Not a page' }, { title: 'No address' }, { url: 'https://sea.example/moon', title: 'Moon' },
    ], answers: [], corrections: [], infoboxes: [], suggestions: ['tide table'], unresponsive_engines: [['brave', 'timeout']] }),
  });
  using research = scratchResearch(web.origin);
  expect(await searxng(research.web, `${web.origin}/sx`).search('tides & moon', { limit: 5, signal })).toEqual([{ url: 'https://sea.example/tides', title: 'Tides' }, { url: 'https://sea.example/moon', title: 'Moon' }]);
  expect(web.visits[0]?.path).toBe('/sx/search?q=tides+%26+moon&format=json');
});

test('Brave gets the current key in a header', async () => {
  await using web = await WebServer.start({ '/res/v1/web/search': json({ type: 'search', query: { original: 'tides' }, web: { type: 'search', results: [{ type: 'search_result', title: 'Tides', url: 'https://sea.example/tides', description: 'The tide …', age: '2 days ago' }] } }) });
  using research = scratchResearch(web.origin);
  expect(await brave(research.web, async () => 'key-1', web.origin).search('tides', { limit: 50, signal })).toEqual([{ url: 'https://sea.example/tides', title: 'Tides' }]);
  expect(web.visits[0]).toMatchObject({ path: '/res/v1/web/search?q=tides&count=20', headers: { 'x-subscription-token': 'key-1' } });
});

test('An engine that fails, or answers with something else, causes an error', async () => {
  await using web = await WebServer.start({ '/search': { status: 429 }, '/html/search': { body: '<p>JSON is not allowed here</p>' }, '/other/search': json({ hits: [] }) });
  using research = scratchResearch(web.origin);
  for (const path of ['/', '/html', '/other']) await expect(searxng(research.web, web.origin + path).search('tides', { limit: 5, signal }), path).rejects.toMatchObject({ code: 'fetch_failed' });
});
