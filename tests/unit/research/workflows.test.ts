// Workflows of a user's own: their documents, parameters and versions, and a run of one on a generated web.
import { expect, test } from 'vitest';
import { StartRun } from '../../../orchestrator/research/runs/research-run.ts';
import { parseWorkflow, withParameters } from '../../../orchestrator/research/workflows/workflow.ts';
import { alice, bob } from '../../support/operations.ts';
import { runWorkflow, withDesk } from '../../support/research-desk.ts';

const source = `
name: building
description: What is known about a building
parameters:
  building: { description: Its name }
  year: { default: "1932" }
settings: { maxPages: 30 }
steps:
  - search: { queries: ["{{building}}", "opening of {{ building }}"] }
  - collect: { urls: ["https://example.org/{{building}}/"] }
  - extract: { questions: ["When was {{building}} opened?"] }
  - fact-check: { claims: ["{{building}} was opened in {{year}}."] }
  - report: { writer: quotes }
`;

test('Placeholders are replaced by parameters or their defaults, and encoded in addresses; a value cannot change the document', () => {
  const document = withParameters(parseWorkflow(source), { building: 'the Amber Tower?x="}] {{year}}' });
  expect(document.settings).toMatchObject({ maxPages: 30, maxSeconds: 1200 });
  expect(document.steps).toEqual([
    { search: { queries: ['the Amber Tower?x="}] {{year}}', 'opening of the Amber Tower?x="}] {{year}}'] } }, { collect: { urls: ['https://example.org/the%20Amber%20Tower%3Fx%3D%22%7D%5D%20%7B%7Byear%7D%7D/'] } },
    { extract: { questions: ['When was the Amber Tower?x="}] {{year}} opened?'] } }, { 'fact-check': { claims: ['the Amber Tower?x="}] {{year}} was opened in 1932.'] } }, { report: { writer: 'quotes' } },
  ]);
});

test.each([
  ['name: [', 'not YAML'],
  ['name: deep-dive\nsteps: [{ search: { queries: [tides] } }]', 'at name: is the name of a built-in workflow'],
  ['name: x\nsteps: [{ search: { queries: [tides] }, report: {} }]', 'at steps.0: must be exactly one of'],
  ['name: x\nsteps: [{ guess: {} }]', 'at steps.0'],
  ['name: x\nsteps: [{ extract: { questions: ["What is a tide?"] } }, { search: { queries: [tides] } }]', 'must be in this order'],
  ['name: x\nsteps: [{ extract: { questions: ["What is a tide?"] } }]', 'need a search or collect step'],
  ['name: x\nsteps: [{ search: { queries: ["{{place}} tides"] } }]', 'uses {{place}}, which is not a parameter'],
  ['name: x\nsettings: { maxPages: many }\nsteps: [{ search: { queries: [tides] } }]', 'at settings.maxPages'],
])('An invalid document is refused with the place of the mistake: %s', (document, message) => {
  expect(() => parseWorkflow(document)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(message) as string }));
});

test.each([[{}, 'needs the parameter building'], [{ building: 'x', color: 'red' }, 'has no parameter "color"'], [{ building: 'x'.repeat(1001) }, 'at steps.']])('Missing, unknown and unusable parameters are refused: %j', (given: Record<string, string>, message) => {
  expect(() => withParameters(parseWorkflow(source), given)).toThrow(expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(message) as string }));
});

test('A run does its steps with the parameters, and keeps its document when the workflow is changed or deleted', async () => await withDesk(401, async (desk) => {
  const { research, planted, server, shop } = desk;
  const known = planted.claims.find(({ text, verdict }) => /opened in/.test(text) && verdict !== 'not enough evidence')!;
  const page = planted.pages.find(({ planted: all }) => all.some(({ claim, role }) => role === 'agrees' && planted.claims[claim] === known))!;
  const own = source.replace('https://example.org/{{building}}/', server.urlOf(page));
  expect(await research.addWorkflow(alice, { source: own })).toMatchObject({ name: 'building', version: 1, versions: [1] });
  expect(await research.addWorkflow(alice, { source: own })).toMatchObject({ version: 1 });
  const building = `the ${known.entity}`;
  const { run, operation } = await research.start(alice, StartRun.parse({ workflow: 'own', input: { name: 'building', parameters: { building } } }), {});
  expect(await research.addWorkflow(alice, { source: own.replace('When was', 'Who designed') })).toMatchObject({ version: 2, versions: [2, 1] });
  await research.removeWorkflow(alice, 'building');
  await shop.engine.run(operation.id);
  const { report, input } = await research.run(alice, run.id);
  expect(input).toMatchObject({ name: 'building', version: 1, parameters: { building } });
  expect(report?.sections).toMatchObject([{ question: `When was ${building} opened?`, coverage: 'answered' }]);
  expect(report?.claims).toMatchObject([{ claim: `${building} was opened in 1932.`, verdict: expect.stringMatching(/refuted|conflicting/) as string }]);
  expect(server.visited()).toContain(server.urlOf(page));
  await expect(research.workflow(alice, 'building', undefined)).rejects.toMatchObject({ code: 'not_found' });
}));

test('Workflows belong to their user, are listed by name, and use only configured search engines', async () => await withDesk(402, async (desk) => {
  const { research } = desk;
  for (const name of ['c', 'a', 'b']) await research.addWorkflow(alice, { source: `name: ${name}\nsettings: { engines: [bing] }\nsteps: [{ search: { queries: [tides] } }]` });
  const first = await research.workflows(alice, { limit: 2 });
  expect([first.items.map(({ name }) => name), first.nextCursor]).toEqual([['a', 'b'], 'b']);
  expect((await research.workflows(alice, { limit: 2, cursor: 'b' })).items.map(({ name }) => name)).toEqual(['c']);
  expect((await research.workflows(bob, { limit: 2 })).items).toEqual([]);
  await expect(runWorkflow(desk, { workflow: 'own', input: { name: 'a' } })).rejects.toMatchObject({ code: 'invalid_request', message: 'There is no search engine "bing"' });
}));
