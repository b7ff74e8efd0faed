// Files as memories: their text can be searched, their bytes can be downloaded, and both are deleted together.
import { randomBytes } from 'node:crypto';
import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../orchestrator/keys/caller.ts';
import type { FileInput, RememberedFile } from '../../orchestrator/memory/files/memory-files.ts';
import type { MemoryService } from '../../orchestrator/memory/memory-service.ts';
import { memoryFolder, SECRET, USER } from '../bench/memory-folder.ts';
import { pdfOf, pngOf, zipOf } from '../support/document-files.ts';

const PART = 1_048_576;
const inRoom = (environmentId: string): Caller => ({ ...USER, keyId: `key_${environmentId}`, environmentId });

async function store(service: MemoryService, bytes: Uint8Array, input: FileInput = {}, caller: Caller = USER): Promise<RememberedFile> {
  const { id } = service.files.beginFile(caller, input);
  for (let at = 0, number = 0; at < bytes.length; at += PART, number += 1) service.files.addToFile(caller, id, number, bytes.subarray(at, at + PART));
  return await service.files.rememberFile(caller, id);
}

function read(service: MemoryService, id: string | null, caller: Caller = USER): Buffer {
  const parts: Uint8Array[] = [];
  for (let part = service.files.filePart(caller, id ?? '', 0); part !== undefined; part = service.files.filePart(caller, id ?? '', parts.length)) parts.push(part);
  return Buffer.concat(parts);
}

const partsOnDisk = (dir: string): number => {
  const db = new Sqlite(join(dir, 'memory.db'), { readonly: true });
  try {
    return (db.prepare('SELECT count(*) AS count FROM file_parts').get() as { count: number }).count;
  } finally {
    db.close();
  }
};

const manual = (): string => Array.from({ length: 60 }, (_, chapter) => `## Chapter ${chapter}\n\n${`The workshop keeps rule ${chapter} about benches and vises in mind. `.repeat(30)}${chapter === 41 ? 'The glaze named celadonite melts at 1260 degrees.' : ''}`).join('\n\n');

describe('Files', () => {
  test('of many kinds are found by their text, with the part that matched, and their bytes are returned unchanged', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const pdf = pdfOf([[{ text: 'The kiln reaches 1200 degrees in the third hour.', x: 60, y: 700 }]]);
    const docx = zipOf({
      '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
      '_rels/.rels': '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
      'word/document.xml': '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>The ferry to Sjelland leaves the northern pier.</w:t></w:r></w:p></w:body></w:document>',
    });
    const files: [Uint8Array, FileInput, string, object][] = [
      [pdf, { name: 'kiln.pdf' }, 'how many degrees does the kiln reach', { type: 'document', attachment: { kind: 'file', mediaType: 'application/pdf', name: 'kiln.pdf' } }],
      [docx, { name: 'timetable.docx' }, 'ferry to Sjelland', { type: 'document' }],
      [Buffer.from('export function quench(blade: Blade): Steel { return oilBath(blade); }\n'), { name: 'smithy.ts' }, 'quench blade in oilBath', { type: 'code_snippet', attachment: { kind: 'code' } }],
      [Buffer.from(manual()), { name: 'manual.md', metadata: { project: 'glaze' } }, 'at what temperature melts celadonite', { type: 'document', metadata: { project: 'glaze' } }],
    ];
    for (const [bytes, input, query, expected] of files) {
      const stored = await store(service, bytes, input);
      expect(stored).toMatchObject({ outcome: 'stored', bytes: bytes.length, warnings: [] });
      const [hit] = (await service.recall(USER, { query })).hits;
      expect(hit?.memory).toMatchObject({ id: stored.id, ...expected });
      expect(hit?.memory.attachment).not.toHaveProperty('data');
      expect(read(service, stored.id).equals(Buffer.from(bytes))).toBe(true);
    }
    const [hit] = (await service.recall(USER, { query: 'celadonite' })).hits;
    expect(hit?.part).toMatchObject({ heading: 'Chapter 41', whole: false, text: expect.stringContaining('1260 degrees') as string });
    expect(hit?.part?.of).toBeGreaterThan(60);
    expect(hit?.memory.text).toBe(hit?.part?.text);
    expect(service.get(USER, hit?.memory.id ?? '').text.length).toBeGreaterThan(100_000);
    expect((await service.context(USER, { query: 'celadonite', tokens: 600 })).text).toContain('melts at 1260 degrees');
  });

  test('that are images are found by the text in them, with a warning that it may contain errors', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const image = pngOf(['THE KILN IN THE HALL', 'WAIT FIVE MILE']);
    const stored = await store(service, image, { name: 'sign.png', caption: 'A sign at the entrance.' });
    expect(stored).toMatchObject({ outcome: 'stored', mediaType: 'image/png', bytes: image.length, letters: 'THE KILN IN THE HALL WAIT FIVE MILE'.length, warnings: ['The text was recognized in an image and may contain errors.'] });
    for (const query of ['kiln in the hall', 'five mile', 'sign at the entrance']) {
      const [hit] = (await service.recall(USER, { query })).hits;
      expect(hit?.memory).toMatchObject({ id: stored.id, attachment: { kind: 'image', name: 'sign.png' } });
    }
    expect(read(service, stored.id).equals(Buffer.from(image))).toBe(true);
  });

  test('without text are found by name and caption, and for those that the host cannot read, the answer says why', async () => {
    await using folder = await memoryFolder({ config: { files: { readers: [{ mediaType: 'audio/*', command: ['sh', '-c', 'printf "The recording has %s bytes about porcelain." "$(wc -c)"'] }, { mediaType: 'video/*', command: ['false'] }] } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const bytes = Buffer.concat([Buffer.alloc(16), randomBytes(5 * PART + 17)]);
    const archive = await store(service, bytes, { name: 'wheel.bin', caption: 'A scan of the potter\'s wheel.' });
    expect(archive).toMatchObject({ outcome: 'stored', bytes: bytes.length, letters: 0, warnings: [expect.stringContaining('have no readable text') as string] });
    expect((await service.recall(USER, { query: "scan of the potter's wheel" })).hits[0]?.memory.id).toBe(archive.id);
    expect(read(service, archive.id).equals(bytes)).toBe(true);
    const talk = await store(service, bytes, { name: 'talk.mp3' });
    expect(talk).toMatchObject({ warnings: [], mediaType: 'audio/mpeg' });
    expect(service.get(USER, talk.id ?? '').text).toBe(`The recording has ${bytes.length} bytes about porcelain.`);
    const film = await store(service, bytes, { name: 'film.mp4' });
    expect(film.warnings).toEqual([expect.stringContaining('exit code 1')]);
    expect(service.get(USER, film.id ?? '').text).toBe('film.mp4');
  });

  test('are duplicates only if their bytes are the same; a repeated file is kept once, and different ones are not merged', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const [one, two] = [randomBytes(1000), randomBytes(1000)].map((bytes) => Buffer.concat([Buffer.alloc(4), bytes]));
    const first = await store(service, one!, { name: 'a.bin', text: 'The drawing of the gate.' });
    const again = await store(service, one!, { name: 'a.bin', text: 'The drawing of the gate.' });
    const other = await store(service, two!, { name: 'a.bin', text: 'The drawing of the gate.' });
    expect([again.outcome, again.id, other.outcome]).toEqual(['duplicate', first.id, 'stored']);
    expect(read(service, other.id).equals(two!)).toBe(true);
    expect(partsOnDisk(folder.dir)).toBe(2);
    const pictures = [one!, two!].map((bytes) => ({ text: 'A picture of the gate by night.', attachment: { kind: 'image' as const, data: bytes.toString('base64') } }));
    expect((await service.rememberAll(USER, pictures)).map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
    expect((await service.consolidate(USER)).merged).toEqual([]);
    expect((await service.recall(USER, { query: 'picture of the gate by night' })).hits.slice(0, 2).map(({ memory }) => memory.text)).toEqual(pictures.map(({ text }) => text));
  });

  test('are deleted with their memory, and after an interrupted upload; a changed memory keeps its file', async () => {
    await using folder = await memoryFolder();
    let { service } = folder;
    await service.setUp(USER, SECRET);
    const bytes = Buffer.concat([Buffer.alloc(4), randomBytes(3 * PART)]);
    const kept = await store(service, bytes, { name: 'kept.bin' });
    const { id } = service.files.beginFile(USER, { name: 'cut.bin' });
    service.files.addToFile(USER, id, 0, bytes.subarray(0, PART));
    expect(() => service.files.addToFile(USER, id, 0, bytes)).toThrow('Another request');
    expect(() => service.files.addToFile(inRoom('env_a'), id, 1, bytes)).toThrow('announced');
    expect(partsOnDisk(folder.dir)).toBe(5);
    service = await folder.restart();
    expect(partsOnDisk(folder.dir)).toBe(4);
    await service.unlock(USER, { secret: SECRET });
    service.update(USER, kept.id ?? '', { text: 'The scan of the kiln.' });
    expect(read(service, kept.id).equals(bytes)).toBe(true);
    service.forget(USER, { ids: [kept.id ?? ''] });
    expect(partsOnDisk(folder.dir)).toBe(0);
    expect(() => service.files.file(USER, kept.id ?? '')).toThrow('There is no memory');
  });

  test('that are announced but never sent are dropped, and one key cannot keep others from sending', async () => {
    let nowMs = Date.now();
    await using folder = await memoryFolder({ now: () => nowMs });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const other = { ...USER, keyId: 'key_other' };
    const ids = Array.from({ length: 8 }, () => service.files.beginFile(USER, {}).id);
    service.files.addToFile(USER, ids[0] ?? '', 0, randomBytes(10));
    expect(() => service.files.beginFile(USER, {})).toThrow('Too many files are being received');
    expect((await store(service, Buffer.from('The vise is blue.'), {}, other)).outcome).toBe('stored');
    nowMs += 11 * 60_000;
    expect((await store(service, Buffer.from('The anvil is black.'))).outcome).toBe('stored');
    expect(partsOnDisk(folder.dir)).toBe(2);
    expect(() => service.files.addToFile(USER, ids[0] ?? '', 1, randomBytes(10))).toThrow('was announced');
  });

  test('contain no secrets if they are text; for other files, a warning says that they still do', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
    const text = await store(service, Buffer.from(`# Deploy\n\nexport GITHUB_TOKEN=${secret}\n`), { name: 'deploy.md' });
    expect(text.redactedSecrets).toBe(1);
    expect(read(service, text.id).toString()).toMatch(/^# Deploy\n\nexport GITHUB_TOKEN=(?!ghp_)/);
    expect(service.files.file(USER, text.id ?? '').bytes).toBe(read(service, text.id).length);
    const pdf = await store(service, pdfOf([[{ text: `The token is ${secret} for now.`, x: 60, y: 700 }]]), { name: 'token.pdf' });
    expect(pdf.redactedSecrets).toBe(1);
    expect(service.get(USER, pdf.id ?? '').text).not.toContain(secret);
    expect(pdf.warnings).toEqual([expect.stringContaining('the file itself contains them')]);
  });

  test('of an environment can be seen only with its keys, and are subject to the limits in memory.yaml', async () => {
    await using folder = await memoryFolder({ config: { storage: { maxFileBytes: 2000, maxFilesBytes: 5000 } } });
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const bytes = (): Buffer => Buffer.concat([Buffer.alloc(4), randomBytes(1900)]);
    const own = await store(service, bytes(), { name: 'own.bin', environmentId: 'env_b' }, inRoom('env_a'));
    const owners = await store(service, bytes(), { name: 'owners.bin' });
    expect(service.get(USER, own.id ?? '').environmentId).toBe('env_a');
    expect(read(service, own.id, inRoom('env_a'))).toHaveLength(1904);
    for (const [id, caller] of [[own.id, inRoom('env_b')], [owners.id, inRoom('env_a')]] as const) expect(() => service.files.filePart(caller, id ?? '', 0)).toThrow('There is no memory');
    await expect(store(service, randomBytes(2001))).rejects.toMatchObject({ code: 'too_large' });
    await expect(store(service, bytes(), { name: 'third.bin' })).rejects.toMatchObject({ code: 'quota_exceeded' });
  });

  test('are in an export if they are small; larger ones are only named', async () => {
    await using folder = await memoryFolder();
    const { service } = folder;
    await service.setUp(USER, SECRET);
    const small = Buffer.concat([Buffer.alloc(4), randomBytes(5000)]);
    const [one, two] = [await store(service, small, { name: 'small.bin' }), await store(service, Buffer.concat([small, randomBytes(PART)]), { name: 'large.bin' })];
    const file = await service.export(USER, { passphrase: 'a passphrase of some length' });
    const other = { ...USER, user: 'usr_0000000000000000000000000b' };
    await service.setUp(other, SECRET);
    expect(await service.import(other, file, 'a passphrase of some length')).toMatchObject({ stored: 2 });
    expect(read(service, one.id, other).equals(small)).toBe(true);
    expect(() => read(service, two.id, other)).toThrow('No file is attached');
    expect(service.get(other, two.id ?? '').attachment).toMatchObject({ name: 'large.bin' });
    service.forget(other, { ids: [one.id ?? ''] });
    expect(read(service, one.id).equals(small)).toBe(true);
  });
});
