// Results of research runs in memory, with a real memory service.
import { expect, test } from 'vitest';
import { memoryFolder, SECRET } from '../../bench/memory-folder.ts';
import { alice } from '../../support/operations.ts';
import { runWorkflow, withDesk } from '../../support/research-desk.ts';

test('The results of a run are remembered once, with their sources, and found by questions', async () => {
  await using folder = await memoryFolder();
  await folder.service.setUp(alice, SECRET);
  await withDesk(501, async (desk) => {
    const { research, planted } = desk;
    const conflicting = planted.claims.find(({ verdict }) => verdict === 'conflicting')!;
    const { run, report } = await runWorkflow(desk, { workflow: 'deep-dive', input: { questions: [conflicting.question, planted.claims.at(-1)!.question] } });
    const remembered = await research.remember(alice, run.id, {});
    expect(remembered).toEqual({ memories: expect.any(Array) as unknown, stored: report.statements.length, known: 0 });
    const [first] = report.statements;
    const quoted = report.findings.find(({ id }) => id === first!.findings[0])!;
    const { hits: [hit] } = await folder.service.recall(alice, { query: conflicting.question });
    expect(hit?.memory.text).toContain('Contradicted by “');
    expect(folder.service.get(alice, remembered.memories[0]!)).toMatchObject({
      text: expect.stringContaining(`${conflicting.question} “${quoted.quote}” (${quoted.source}`) as string, metadata: { run: run.id, url: quoted.url, capture: quoted.captureId, text: quoted.textHash, offsets: `${quoted.span.start}-${quoted.span.end}`, sources: String(first!.sources) },
    });
    expect(await research.remember(alice, run.id, {})).toEqual({ memories: remembered.memories, stored: 0, known: report.statements.length });

    const again = await runWorkflow(desk, { workflow: 'deep-dive', input: { questions: [conflicting.question] } });
    expect(again.report.earlierRuns).toEqual([run.id]);
    expect(await research.remember(alice, again.run.id, {})).toMatchObject({ stored: 0, known: again.report.statements.length }); // the same quotes

    const checked = await runWorkflow(desk, { workflow: 'fact-check', input: { claims: [conflicting.text] } });
    expect(await research.remember(alice, checked.run.id, {})).toMatchObject({ stored: 1 });
    const { hits } = await folder.service.recall(alice, { query: conflicting.text });
    expect(hits.map(({ memory }) => memory.text).join('\n')).toContain('Verdict of a fact check: conflicting.');
  }, { memory: folder.service });
});

test('Nothing is remembered of a run without results, or while memory is locked', async () => {
  await using folder = await memoryFolder();
  await folder.service.setUp(alice, SECRET);
  await withDesk(502, async (desk) => {
    const { research, planted, server } = desk;
    const collected = await runWorkflow(desk, { workflow: 'collect', input: { urls: [server.urlOf(planted.pages[0]!)] } });
    await expect(research.remember(alice, collected.run.id, {})).rejects.toMatchObject({ code: 'invalid_state' });
    const { run } = await runWorkflow(desk, { workflow: 'deep-dive', input: { questions: [planted.claims[0]!.question] } });
    await folder.service.lock(alice);
    await expect(research.remember(alice, run.id, {})).rejects.toMatchObject({ code: 'locked' });
  }, { memory: folder.service });
});
