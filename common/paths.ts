// Defines the layout of the data folder. Nothing else knows it.
import { join, resolve } from 'node:path';

export interface DataPaths {
  dataDir: string;
  /** Holds the four hex digits that prefix the names of everything on the host. */
  installationFile: string;
  database: string;
  statsDatabase: string;
  /** Disk space reserved for the database. */
  reserveFile: string;
  /** Secrets of environments (SSH keys), one folder each, mode 0700. */
  keysDir: string;
  /** The key from which the tokens of VMs and the keys that seal secrets are derived. Not in the database, so a copy of that reveals none of them. */
  hostKeyFile: string;
  /** Sockets and pid files; emptied by set-up after a reboot. */
  runDir: string;
  /** Quarantined keys of environments that no record knows, mode 0700. */
  quarantineDir: string;
  logDir: string;
  /** The memory core's data: everything users remember, encrypted. */
  memoryDir: string;
  /** The wrapped keys of memory. Beside the data folder, not in it, so that a copy of the data does not contain its keys, and shredded data stays unreadable when the data is restored. */
  memoryKeysDir: string;
  /** Where versions up to 0.1.0 kept the keys. */
  formerMemoryKeysDir: string;
  /** The embedding model that set-up downloaded. */
  embeddingDir: string;
  /** Pages that users collected from the web, and their research runs: one database for each user. */
  researchDir: string;
  /** Shared files of collaborations, by their hashes. */
  collaborationsDir: string;
  /** The time that the last control plane saved. */
  clockFile: string;
  /** The result of the accelerator probe. */
  accelFile: string;
  /** The mode of libvirt's folder before QEMU's users needed to traverse it. */
  libvirtFolderRecord: string;
  /** The package hosts found for the network policy `packages`. */
  packageHostsFile: string;
  /** Profiles defined by users. */
  profilesDir: string;
  /** Users' routing rules for actions. */
  actionRulesDir: string;
  /** Users' own capability packs. */
  packsDir: string;
  /** The contents of artifacts and of the results of their runs, by hash. */
  artifactsDir: string;
  /** Mount point of the pool, unless the configuration names a folder. */
  poolDir: string;
  /** The pool file, when the pool is on a loop device. */
  poolFile: string;
}

export function dataPaths(dataDir: string): DataPaths {
  return {
    dataDir,
    installationFile: join(dataDir, 'instance'),
    database: join(dataDir, 'somnus.db'),
    statsDatabase: join(dataDir, 'stats.db'),
    reserveFile: join(dataDir, 'reserve'),
    keysDir: join(dataDir, 'keys'),
    hostKeyFile: join(dataDir, 'keys', 'host.key'),
    runDir: join(dataDir, 'run'),
    quarantineDir: join(dataDir, 'quarantine'),
    logDir: join(dataDir, 'log'),
    memoryDir: join(dataDir, 'memory'),
    memoryKeysDir: `${resolve(dataDir)}-keys`,
    formerMemoryKeysDir: join(dataDir, 'memory-keys'),
    embeddingDir: join(dataDir, 'models', 'all-MiniLM-L6-v2'),
    researchDir: join(dataDir, 'research'),
    collaborationsDir: join(dataDir, 'collaborations'),
    clockFile: join(dataDir, 'clock.json'),
    accelFile: join(dataDir, 'accel.json'),
    libvirtFolderRecord: join(dataDir, 'libvirt-folder.before'),
    packageHostsFile: join(dataDir, 'package-hosts.json'),
    profilesDir: join(dataDir, 'profiles'),
    actionRulesDir: join(dataDir, 'action-rules'),
    packsDir: join(dataDir, 'packs'),
    artifactsDir: join(dataDir, 'artifacts'),
    poolDir: join(dataDir, 'pool'),
    poolFile: join(dataDir, 'pool.xfs'),
  };
}
