// The pure parts of containers: the options for the engine, the choice of folders and image, and the frames of output. tests/integration/containers.test.ts tries them on a real engine.
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { containerOptions } from '../../../orchestrator/containers/container-options.ts';
import { separateFrames } from '../../../orchestrator/containers/docker-frames.ts';
import { imageFor } from '../../../orchestrator/containers/image-for.ts';
import { checkedPath, foldersFor } from '../../../orchestrator/containers/staged-paths.ts';

test('A container gets no rights, devices, mounts or network', () => {
  const { HostConfig: host = {}, ...options } = containerOptions({ name: 'n', image: 'i', installation: '9be9', limits: { memoryMiB: 64, folderMiB: 8, cpus: 0.5 }, folders: ['/srv/in'] });
  expect(options).toMatchObject({ User: '10001:10001', NetworkDisabled: true, Labels: { 'somnus.installation': '9be9' } });
  expect(host).toMatchObject({ Privileged: false, ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], NetworkMode: 'none', PidsLimit: 256, Memory: 64 << 20, MemorySwap: 64 << 20, NanoCpus: 5e8, AutoRemove: true });
  for (const given of ['CapAdd', 'Binds', 'Mounts', 'VolumesFrom', 'Devices', 'DeviceRequests', 'DeviceCgroupRules', 'PidMode', 'UTSMode', 'UsernsMode', 'PublishAllPorts', 'PortBindings', 'CgroupParent', 'ExtraHosts']) expect(host).not.toHaveProperty(given);
  expect(Object.keys(host.Tmpfs as object)).toEqual(['/work', '/tmp', '/srv/in']);
  for (const mount of Object.values(host.Tmpfs as Record<string, string>)) expect(mount).toMatch(/nosuid,nodev,size=8m/);
});

test('Only a container that asks for a GPU gets one; entry point and health check of an image never run', () => {
  const request = { name: 'n', image: 'i', installation: '9be9', limits: { memoryMiB: 64, folderMiB: 8, cpus: 0.5 }, folders: [] };
  expect(containerOptions({ ...request, gpu: true }).HostConfig?.DeviceRequests).toEqual([{ Count: -1, Capabilities: [['gpu']] }]);
  expect(containerOptions(request)).toMatchObject({ Entrypoint: ['/bin/sh', '-c', expect.any(String)], Cmd: [], Healthcheck: { Test: ['NONE'] } });
});

test('A folder of the VM becomes one in the container; a file or a missing path needs its parent folder; no folder is within another', () => {
  expect(foldersFor([{ path: '/srv/in', type: 'directory' }, { path: '/srv/data/a.csv', type: 'file' }, { path: '/srv/data/new', type: 'missing' }, { path: '/srv/in/deep', type: 'directory' }])).toEqual(['/srv/data', '/srv/in']);
  expect(foldersFor([{ path: '/srv/in2', type: 'directory' }, { path: '/srv/in', type: 'directory' }])).toEqual(['/srv/in', '/srv/in2']);
  expect(() => foldersFor([{ path: '/new', type: 'missing' }])).toThrow('cannot be used');
  expect(checkedPath('/srv//a/../b/')).toBe('/srv/b');
  for (const path of ['/', '//', '/usr/lib/x', '/srv/../proc/1', 'a/b']) expect(() => checkedPath(path)).toThrow();
});

test('The language that the caller names decides the image, otherwise the programs do', () => {
  expect([imageFor(['make'], {}), imageFor(['cd', 'python3.13'], {}), imageFor(['npm'], {}), imageFor(['./solve'], { language: 'Python' }), imageFor(['nodejs-like', 'pythonista'], {})]).toEqual(['base', 'python', 'node', 'python', 'base']);
});

test('Frames are separated wherever the bytes are split, and a reader that stops reading does not block the other', async () => {
  const frame = (stream: number, data: string): Buffer => Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, data.length]), Buffer.from(data)]);
  const all = Buffer.concat([frame(1, 'one '), frame(2, 'error'), frame(1, ''), frame(1, 'two')]);
  for (let size = 1; size <= all.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.subarray(at * size, (at + 1) * size));
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    await separateFrames(Readable.from(chunks), stdout, stderr);
    expect([await text(stdout.end()), await text(stderr.end())]).toEqual(['one two', 'error']);
  }
  const [given, other] = [new PassThrough({ highWaterMark: 1 }), new PassThrough()];
  const done = separateFrames(Readable.from([frame(1, 'never read'), frame(1, 'nor this'), frame(2, 'read')]), given, other);
  given.destroy();
  await done;
  expect(await text(other.end())).toBe('read');
});
