// The options with which Somnus creates a container for an action: no privileges, no network, and limits. Pure.
import type { ContainerCreateOptions } from 'dockerode';
import { CONTAINER_USER } from '../../images/container-image.ts';

export interface ContainerLimits {
  /** Of programs and the files that they write, together. */
  memoryMiB: number;
  /** Of each folder that it can write to. */
  folderMiB: number;
  cpus: number;
}

export interface ContainerRequest {
  /** Unique on the engine. */
  name: string;
  image: string;
  installation: string;
  limits: ContainerLimits;
  /** More folders that it can write to; empty at first. */
  folders: readonly string[];
  /** All GPUs of the engine's host. */
  gpu?: boolean;
}

/** The label that holds the installation of a container. Somnus touches no containers of others. */
export const INSTALLATION_LABEL = 'somnus.installation';

const MIB = 1024 ** 2;
const PROCESSES = 256;
/** Half of what others get when the CPUs are busy; the engine's default is 1024. */
const CPU_SHARES = 512;
/** When the host itself runs out of memory, the kernel kills processes in containers first. */
const OOM_SCORE = 800;
/** Waits, and reaps processes whose parent has ended. As the first process, it gets no signals from inside the container. */
const FIRST_PROCESS = ['/bin/sh', '-c', 'while :; do sleep 3600; done'];

/** The engine removes the container when it ends. Programs are started in it later, as its user. */
export function containerOptions({ name, image, installation, limits, folders, gpu = false }: ContainerRequest): ContainerCreateOptions {
  const { uid, home } = CONTAINER_USER;
  const user = `${uid}:${uid}`;
  // In memory, so that the limit holds on any storage driver, and nothing remains when the container ends.
  const writable = Object.fromEntries([home, '/tmp', ...folders].map((folder) => [folder, `rw,exec,nosuid,nodev,size=${limits.folderMiB}m,mode=0755,uid=${uid},gid=${uid}`]));
  return {
    name, Image: image, Entrypoint: FIRST_PROCESS, Cmd: [], Healthcheck: { Test: ['NONE'] }, User: user, WorkingDir: home, Hostname: 'container', Env: [`HOME=${home}`, 'LANG=C.UTF-8', 'PATH=/usr/local/bin:/usr/bin:/bin'], Labels: { [INSTALLATION_LABEL]: installation },
    NetworkDisabled: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      ReadonlyRootfs: true, Privileged: false, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], // and the engine's seccomp profile, its default
      IpcMode: 'private', ShmSize: 16 * MIB,
      PidsLimit: PROCESSES, NanoCpus: limits.cpus * 1e9, CpuShares: CPU_SHARES,
      Memory: limits.memoryMiB * MIB, MemorySwap: limits.memoryMiB * MIB, OomScoreAdj: OOM_SCORE, // no swap
      Ulimits: [{ Name: 'nofile', Soft: 4096, Hard: 4096 }, { Name: 'core', Soft: 0, Hard: 0 }],
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: writable,
      ...(gpu ? { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] } : {}),
    },
  };
}
