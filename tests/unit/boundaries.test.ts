import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

// Directions of dependencies, as data: a folder may import from itself and from the folders listed here.
const mayImport: Record<string, readonly string[]> = {
  common: [],
  agent: ['common'],
  images: ['common', 'agent'],
  supervisor: ['common', 'agent/contract', 'agent/constants', 'images'],
  orchestrator: ['common', 'agent/contract', 'supervisor', 'images', 'package'],
  deploy: ['common', 'supervisor', 'orchestrator'],
};
// A file that uses one of these carries its name, or is the single root that constructs everything.
const vendors = ['koffi', 'ssh2', 'better-sqlite3', 'bullmq', 'ioredis', 'dockerode', 'chromadb', 'express', 'ws', 'playwright-core', 'onnxruntime-node', 'tar-stream', 'dns-packet', 'prom-client', 'esbuild', 'unbash'];
const vendorFiles: Record<string, RegExp> = {
  chromadb: /chroma/,
  koffi: /libvirt/, 'better-sqlite3': /sqlite/, ioredis: /redis|bullmq|doctor/, dockerode: /docker|doctor/, 'onnxruntime-node': /onnx/, 'playwright-core': /playwright/, 'dns-packet': /dns/, esbuild: /bundle|esbuild/,
};

const root = resolve(import.meta.dirname, '../..');

interface Import { file: string; specifier: string; typeOnly: boolean }

async function imports(): Promise<Import[]> {
  const found: Import[] = [];
  for (const folder of Object.keys(mayImport)) {
    for (const entry of await readdir(join(root, folder), { recursive: true })) {
      if (!entry.endsWith('.ts')) continue;
      const file = join(folder, entry);
      const text = await readFile(join(root, file), 'utf8');
      for (const match of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm)) {
        found.push({ file, specifier: match[2] ?? '', typeOnly: match[1] !== undefined });
      }
    }
  }
  return found;
}

test('Dependencies point one way: orchestrator → supervisor → agent → common', async () => {
  const wrong = (await imports()).filter(({ specifier }) => specifier.startsWith('.')).flatMap(({ file, specifier }) => {
    const from = file.split('/')[0] ?? '';
    const target = relative(root, resolve(root, dirname(file), specifier));
    const allowed = [from, ...(mayImport[from] ?? [])];
    return allowed.some((place) => target === `${place}.ts` || target === `${place}.json` || target.startsWith(`${place}/`)) ? [] : [`${file} imports ${target}`];
  });
  expect(wrong).toEqual([]);
});

test('The reader of pages and documents imports nothing from the control plane', async () => {
  const wrong = (await imports()).filter(({ file, specifier }) => file.startsWith('orchestrator/reading/') && specifier.startsWith('.')).flatMap(({ file, specifier }) => {
    const target = relative(root, resolve(root, dirname(file), specifier));
    return target.startsWith('orchestrator/reading/') || target.startsWith('common/') ? [] : [`${file} imports ${target}`];
  });
  expect(wrong).toEqual([]);
});

test('A file that uses a vendor\'s package carries its name', async () => {
  const wrong = (await imports()).flatMap(({ file, specifier, typeOnly }) => {
    const vendor = vendors.find((name) => specifier === name || specifier.startsWith(`${name}/`));
    if (vendor === undefined || typeOnly) return [];
    const name = file.split('/').at(-1) ?? '';
    return (vendorFiles[vendor] ?? new RegExp(vendor)).test(name) ? [] : [`${file} imports ${vendor}`];
  });
  expect(wrong).toEqual([]);
});
