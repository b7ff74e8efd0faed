import { expect, test } from 'vitest';
import { Somnus } from './somnus-process.ts';

const somnus = new Somnus({ SOMNUS_API: 'http://127.0.0.1:9' }); // nothing listens there, because reading needs no control plane

test('A document on standard input is shown as Markdown, or as JSON with all its data', async () => {
  const table = 'port,height\nBrest,7\n';
  expect(await somnus.run(['read', '-', '--type', 'text/csv'], { input: table })).toMatchObject({ code: 0, stdout: '| port | height |\n| --- | --- |\n| Brest | 7 |\n', stderr: '' });
  const { stdout } = await somnus.run(['read', '-', '--type', 'text/csv', '-o', 'json'], { input: table });
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'table', mediaType: 'text/csv', parts: 2, text: table });
});

test('Control sequences in a document do not reach the terminal', async () => {
  const { stdout } = await somnus.run(['read', '-'], { input: 'before \u001b[2J\u001b]0;title\u0007after\u202e\n' });
  expect(stdout).toBe('before after\\u202e\n');
});

test('A document that cannot be read gives an error', async () => {
  expect(await somnus.run(['read', '-'], { input: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]) })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('have no readable text') as string });
  expect(await somnus.run(['read', '/nonexistent.pdf'])).toMatchObject({ code: 3, stdout: '' });
});
