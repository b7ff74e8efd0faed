// The real script of an agent's upgrade, run by a shell with a simulated systemctl and curl, on a folder that stands for the guest's.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { bundleAgent } from '../../../images/agent-bundle.ts';
import type { ExecRequest, GuestProcess } from '../../../supervisor/guest/guest-channel.ts';
import { installEngine } from '../../../supervisor/guest/install-engine.ts';
import { upgradeAgent } from '../../../supervisor/guest/upgrade-agent.ts';

const { signal } = new AbortController();

/** @param answers what the new agent says over HTTP */
function guest(answers: (version: string) => string) {
  const root = mkdtempSync(join(tmpdir(), 'somnus-upgrade-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const folder of ['usr/local/lib/somnus', 'etc/systemd/system', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  const at = (path: string): string => join(root, path);
  writeFileSync(at('usr/local/lib/somnus/agent.js'), 'old agent');
  writeFileSync(at('etc/systemd/system/somnus-agent.service'), 'old unit');
  const put = (name: string, script: string): void => {
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(at(`bin/${name}`), 0o755);
  };
  put('systemctl', `echo "$*" >>${root}/systemctl.log`);
  put('sleep', ':'); // the 30 seconds pass at once
  put('sync', ':');
  put('systemd-run', 'while [ "$1" != /bin/sh ]; do shift; done\nexec "$@"');
  const files: Record<string, number> = {};
  return {
    files, read: (path: string) => readFileSync(at(path), 'utf8'),
    channel: {
      writeFile: async (path: string, content: Readable, { mode = 0 }: { mode?: number | undefined }) => {
        const bytes = await text(content);
        writeFileSync(join(root, path), bytes);
        files[path] = mode;
        return { sizeBytes: bytes.length };
      },
      exec: async ({ command }: ExecRequest): Promise<GuestProcess> => {
        put('curl', `cat <<'END'\n${answers(command[4]!)}\nEND`);
        const folders = ['/usr/local/lib/somnus', '/etc/systemd/system', '/run/somnus'];
        const inRoot = command.map((part) => folders.reduce((script, folder) => script.replaceAll(folder, join(root, folder)), part));
        const child = spawn(inRoot[0]!, inRoot.slice(1), { env: { PATH: `${join(root, 'bin')}:/usr/bin:/bin` }, stdio: ['ignore', 'pipe', 'pipe'] });
        const exit = new Promise<{ code: number; signal: null; timedOut: boolean }>((resolve) => { child.on('close', (code) => resolve({ code: code ?? 1, signal: null, timedOut: false })); });
        return { stdin: new PassThrough(), stdout: child.stdout, stderr: child.stderr, exit, signal: async () => {}, resize: () => {} };
      },
    },
  };
}

test('A new agent that becomes ready stays, and the previous one is kept beside it', async () => {
  const vm = guest((version) => `{"contractVersion":3,"agentVersion":"${version}","uptimeMs":1,"ready":true}`);
  const { code, version } = await bundleAgent();
  expect(await upgradeAgent(vm.channel, 'old', signal)).toEqual({ from: 'old', to: version, outcome: 'upgraded' });
  expect(vm.read('usr/local/lib/somnus/agent.js')).toBe(code);
  expect(vm.read('usr/local/lib/somnus/agent.js.previous')).toBe('old agent');
  expect(vm.read('etc/systemd/system/somnus-agent.service')).toContain('WatchdogSec=45');
  expect(vm.read('systemctl.log')).toBe('daemon-reload\nrestart somnus-agent.service\n');
  expect(vm.files).toEqual({ '/usr/local/lib/somnus/agent.js.next': 0o644, '/usr/local/lib/somnus/agent.service.next': 0o644 });
});

test.each([['does not answer', ''], ['is not ready', '"ready":false'], ['is still the previous one', '"agentVersion":"old","ready":true']])('The VM rolls back by itself if the new agent %s', async (_, says) => {
  const vm = guest((version) => (says.includes('agentVersion') || says === '' ? says : `{"agentVersion":"${version}",${says}}`));
  expect(await upgradeAgent(vm.channel, 'old', signal)).toMatchObject({ outcome: 'rolled-back' });
  expect(vm.read('usr/local/lib/somnus/agent.js')).toBe('old agent');
  expect(vm.read('etc/systemd/system/somnus-agent.service')).toBe('old unit');
  expect(vm.read('systemctl.log').trim().split('\n').slice(-2)).toEqual(['daemon-reload', 'restart somnus-agent.service']);
});

test('An agent that already has this version is not replaced', async () => {
  const { version } = await bundleAgent();
  const vm = guest(() => '');
  expect(await upgradeAgent(vm.channel, version, signal)).toEqual({ from: version, to: version, outcome: 'current' });
  expect(vm.files).toEqual({});
});

test('The embedding engine is copied with everything it needs, and classifies there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'somnus-installed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const model = mkdtempSync(join(tmpdir(), 'somnus-model-'));
  onTestFinished(() => rmSync(model, { recursive: true }));
  const writeTar = async (path: string, content: Readable): Promise<void> => {
    expect(path).toBe('/usr/local/lib/somnus/engine');
    const unpack = spawn('tar', ['-x', '-C', folder], { stdio: ['pipe', 'ignore', 'inherit'] });
    content.pipe(unpack.stdin);
    expect(await new Promise((resolve) => { unpack.on('close', resolve); })).toBe(0);
  };
  await expect(installEngine({ writeTar }, model, signal)).rejects.toMatchObject({ code: 'unavailable' });
  // The runtime and the program are real, but the model is not, so the program reports an error about the model.
  mkdirSync(join(model, 'onnx'));
  writeFileSync(join(model, 'tokenizer.json'), readFileSync(new URL('../../../common/embedding/all-MiniLM-L6-v2/tokenizer.json', import.meta.url)));
  writeFileSync(join(model, 'onnx/model_quantized.onnx'), 'no model');
  await installEngine({ writeTar }, model, signal);
  const program = spawn(process.execPath, [join(folder, 'engine.js'), folder], { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const [errors, code] = await Promise.all([text(program.stderr!), new Promise((resolve) => { program.on('close', resolve); })]);
  expect(code).not.toBe(0);
  expect(errors).toMatch(/model_quantized\.onnx.*(?:failed|protobuf)/i);
});
