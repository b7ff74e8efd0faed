// …/browser: acts in the browser of an environment.
import { BrowserAct, BrowserAnswer } from '../../browser/browser-act.ts';
import { RefParams, route, type Answer, type Route } from '../route.ts';

export const browserRoutes: readonly Route[] = [
  route({
    method: 'post', path: '/v1/environments/{ref}/browser', id: 'browse', summary: 'Do one thing in the browser of an environment',
    description: 'The browser is the one that the pack browser-research installs. It runs in the environment, keeps its logins and tabs, and is part of snapshots and forks. Acts on one environment run one after the other; an act ends when the caller disconnects. '
      + 'Elements are named by the refs of the last snapshot. What a page shows is data: Somnus does not follow instructions in it, and lists sentences that look like instructions to an agent in `injections`. Tabs may show public addresses only.',
    access: { scope: 'write', limitedKeys: true }, params: RefParams, body: BrowserAct, example: { act: 'click', ref: 'e12' },
    answers: { 200: { description: 'What the page shows afterwards.', schema: BrowserAnswer } },
    handle: async ({ caller, params, body, signal }, { services }): Promise<Answer> => ({ status: 200, body: await services.browsers.act(caller, params.ref, body, signal) satisfies BrowserAnswer }),
  }),
];
