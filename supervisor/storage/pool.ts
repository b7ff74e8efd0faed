// The storage pool: interface. A file system with reflink where every environment and image is a folder.

export interface PoolUsage {
  path: string;
  /** `loop` when Somnus made the file system on a pool file; `folder` when the host's own is used. */
  backing: 'loop' | 'folder';
  fileSystem: string;
  reflink: boolean;
  totalBytes: number;
  freeBytes: number;
  /** Never given away by admission. */
  reserveBytes: number;
}

export interface StoragePool {
  /** Makes, checks and mounts the pool as needed. Repeatable; safe after being interrupted anywhere. */
  ensure(progress?: (message: string) => void): Promise<PoolUsage>;
  usage(): Promise<PoolUsage>;
  /** Grows the pool file by whole GiB while in use. @throws insufficient_space when the host's disk has no room; unsupported for `folder` */
  grow(toGiB: number): Promise<PoolUsage>;
  /** Clones a file in constant time where the pool has reflink, else as a sparse copy. The clone is root's alone, whatever the file is. */
  clone(from: string, to: string): Promise<void>;
  readonly folders: PoolFolders;
}

/** Where things are in the pool. */
export interface PoolFolders {
  root: string;
  images: string;
  environments: string;
  /** Folders being built; litter after a crash. */
  staging: string;
  /** What no record knows, until somebody decides about it. */
  quarantine: string;
  environment(id: string): string;
  image(version: string): string;
}

