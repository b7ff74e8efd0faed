// Where things are in the data folder: the one place that knows its layout.
import { join } from 'node:path';

export interface DataPaths {
  dataDir: string;
  /** Four hex digits that start the names of everything on the host. */
  installationFile: string;
  database: string;
  statsDatabase: string;
  /** Disk space kept for the database. */
  reserveFile: string;
  /** Secrets of environments (SSH keys), one folder each, 0700. */
  keysDir: string;
  /** Sockets and pid files; emptied by a reboot's set-up. */
  runDir: string;
  /** Keys of environments that no record knows, until somebody decides about them, 0700. */
  quarantineDir: string;
  logDir: string;
  /** The memory core: everything users remember, sealed. */
  memoryDir: string;
  /** What unlocks it, wrapped: apart, with a backup of its own, so that what was shredded stays unreadable when the data is restored. */
  memoryKeysDir: string;
  /** The embedding model, as set-up fetched it. */
  embeddingDir: string;
  /** The time as the last control plane knew it. */
  clockFile: string;
  /** Which accelerator was proven. */
  accelFile: string;
  /** The mode that libvirt's folder had before QEMU's users had to pass through it. */
  libvirtFolderRecord: string;
  /** Hosts for the network policy `packages`, as they were found. */
  packageHostsFile: string;
  /** Users' own profiles. */
  profilesDir: string;
  /** Where the pool is mounted, unless the configuration names a folder. */
  poolDir: string;
  /** The pool's backing file, when it is made on a loop device. */
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
    runDir: join(dataDir, 'run'),
    quarantineDir: join(dataDir, 'quarantine'),
    logDir: join(dataDir, 'log'),
    memoryDir: join(dataDir, 'memory'),
    memoryKeysDir: join(dataDir, 'memory-keys'),
    embeddingDir: join(dataDir, 'models', 'all-MiniLM-L6-v2'),
    clockFile: join(dataDir, 'clock.json'),
    accelFile: join(dataDir, 'accel.json'),
    libvirtFolderRecord: join(dataDir, 'libvirt-folder.before'),
    packageHostsFile: join(dataDir, 'package-hosts.json'),
    profilesDir: join(dataDir, 'profiles'),
    poolDir: join(dataDir, 'pool'),
    poolFile: join(dataDir, 'pool.xfs'),
  };
}
