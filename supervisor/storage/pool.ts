// Interface of the storage pool: a file system with reflink where every environment and image is a folder.

export interface PoolUsage {
  path: string;
  /** `loop` when Somnus created the file system in a pool file; `folder` when it uses the host's own. */
  backing: 'loop' | 'folder';
  fileSystem: string;
  reflink: boolean;
  totalBytes: number;
  freeBytes: number;
  /** Space that admission keeps free. */
  reserveBytes: number;
}

export interface StoragePool {
  /** Creates, checks and mounts the pool as needed. Repeatable; safe after an interruption at any point. */
  ensure(progress?: (message: string) => void): Promise<PoolUsage>;
  usage(): Promise<PoolUsage>;
  /** Grows the pool file by whole GiB while in use. @throws insufficient_space when the host's disk is too full; unsupported for `folder` */
  grow(toGiB: number): Promise<PoolUsage>;
  /** Clones a file in constant time if the pool has reflink, otherwise as a sparse copy. Only root can access the clone, regardless of the source. */
  clone(from: string, to: string): Promise<void>;
  readonly folders: PoolFolders;
}

/** Paths in the pool. */
export interface PoolFolders {
  root: string;
  images: string;
  environments: string;
  /** Saved states of booted guests that new environments are made from. */
  templates: string;
  /** Folders being built; after a crash they are garbage. */
  staging: string;
  /** What no record knows, until an admin decides. */
  quarantine: string;
  environment(id: string): string;
  image(version: string): string;
}

