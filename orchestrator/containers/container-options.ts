// What Somnus asks the engine for when it starts a container for an action: no rights, no network, and limits. Pure.
import type { ContainerCreateOptions } from 'dockerode';
import { CONTAINER_USER } from '../../images/container-image.ts';

export interface ContainerLimits {
  /** Everything together: programs, and files that they write. */
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
  /** Further folders that it can write to, empty at first. */
  folders: readonly string[];
}

/** Containers of an installation have it as the value of this label. Somnus touches no others. */
export const INSTALLATION_LABEL = 'somnus.installation';

const MIB = 1024 ** 2;
const PROCESSES = 256;
/** Half of what others get when the CPUs are busy; the engine's default is 1024. */
const CPU_SHARES = 512;
/** When the host itself runs out of memory, containers go first. */
const OOM_SCORE = 800;
/** Waits, and reaps processes whose parent has ended. As the first process it gets no signal from within. */
const FIRST_PROCESS = ['/bin/sh', '-c', 'while :; do sleep 3600; done'];

/** Programs are started in the container afterwards, as its user. It is removed when it ends. */
export function containerOptions({ name, image, installation, limits, folders }: ContainerRequest): ContainerCreateOptions {
  const { uid, home } = CONTAINER_USER;
  const user = `${uid}:${uid}`;
  // In memory, so that a limit holds wherever the engine stores its data, and nothing is left when the container ends.
  const writable = Object.fromEntries([home, '/tmp', ...folders].map((folder) => [folder, `rw,exec,nosuid,nodev,size=${limits.folderMiB}m,mode=0755,uid=${uid},gid=${uid}`]));
  return {
    name, Image: image, Cmd: FIRST_PROCESS, User: user, WorkingDir: home, Hostname: 'container', Env: [`HOME=${home}`, 'LANG=C.UTF-8', 'PATH=/usr/local/bin:/usr/bin:/bin'], Labels: { [INSTALLATION_LABEL]: installation },
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
    },
  };
}
