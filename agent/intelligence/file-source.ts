// Follows the files that match the configured patterns. The kernel reports changes (inotify); a scan every few seconds finds new files and changes
// that were not reported.
import { globSync, statSync, watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { FileTail, type FilePosition } from './file-tail.ts';

export interface FileSourceOptions {
  /** Absolute paths, with `*`, `?` and `**`. */
  patterns: readonly string[];
  /** Where an earlier process stopped. */
  positions: readonly FilePosition[];
  /** Whether an earlier process has run: files that it did not know are then new and are read from their start. */
  resumes: boolean;
  take: (path: string, line: string) => void;
  scanMs?: number;
}

/** Limit of files that are followed at the same time. */
const MAX_FILES = 128;
/** Changes within this time are read together. */
const GATHER_MS = 50;
/** Compressed rotated files, which are not followed. */
const COMPRESSED = /\.(?:gz|xz|zst|bz2)$/;

export class FileSource {
  readonly #options: FileSourceOptions;
  readonly #tails = new Map<string, FileTail>();
  readonly #watchers = new Map<string, FSWatcher>();
  /** Where reading ended in renamed files, by device and inode: the new name may also match a pattern. */
  readonly #finished = new Map<string, FilePosition>();
  readonly #unread = new Set<string>();
  #scanTimer: NodeJS.Timeout | undefined;
  #readTimer: NodeJS.Timeout | undefined;
  #skipped = 0;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  get files(): number {
    return this.#tails.size;
  }

  /** Matching files that are not followed, because there are too many or they are not text. */
  get skipped(): number {
    return this.#skipped;
  }

  get positions(): FilePosition[] {
    return [...this.#tails.values()].map(({ position }) => position);
  }

  start(): void {
    const known = new Map(this.#options.positions.map((position) => [position.path, position]));
    this.#scan((path) => known.get(path) ?? (this.#options.resumes ? 'start' : 'end'));
    this.#scanTimer = setInterval(() => this.#scan(() => 'start'), this.#options.scanMs ?? 10_000).unref();
  }

  stop(): void {
    clearInterval(this.#scanTimer);
    clearTimeout(this.#readTimer);
    for (const tail of this.#tails.values()) tail.close();
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** @param from where reading starts in files that are not yet followed */
  #scan(from: (path: string) => FilePosition | 'start' | 'end'): void {
    // Read known files first, so that a renamed file is finished before its new name is found.
    for (const path of this.#tails.keys()) this.#unread.add(path);
    this.#readAll();
    this.#skipped = 0;
    const paths = new Set(globSync([...this.#options.patterns]).filter((path) => !COMPRESSED.test(path)));
    for (const [path, tail] of this.#tails) {
      if (paths.has(path)) continue;
      tail.close();
      this.#tails.delete(path);
    }
    for (const path of paths) if (!this.#tails.has(path)) this.#follow(path, from(path));
    this.#watch();
    this.#readAll();
  }

  #follow(path: string, from: FilePosition | 'start' | 'end'): void {
    try {
      const key = keyOf({ device: statSync(path).dev, inode: statSync(path).ino });
      if ([...this.#tails.values()].some(({ position }) => keyOf(position) === key)) return; // another name of a followed file
      if (this.#tails.size >= MAX_FILES) throw new Error('too many files');
      const finished = this.#finished.get(key);
      this.#tails.set(path, new FileTail(path, finished === undefined ? from : { ...finished, path }));
      this.#unread.add(path);
    } catch {
      this.#skipped += 1;
    }
  }

  /** Watches the folders of all files: a file's own watch would not report the file that replaces it. */
  #watch(): void {
    const folders = new Set([...this.#tails.keys()].map((path) => dirname(path)));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#changed(folder));
        watcher.on('error', () => this.#watchers.delete(folder)); // the next scan tries again
        this.#watchers.set(folder, watcher);
      } catch {
        // too many watches, or the folder has just been deleted: the scan reads its files
      }
    }
  }

  #changed(folder: string): void {
    for (const path of this.#tails.keys()) if (dirname(path) === folder) this.#unread.add(path);
    this.#readTimer ??= setTimeout(() => this.#readAll(), GATHER_MS).unref();
  }

  /** Reads one chunk of each changed file, and continues in another turn of the event loop. */
  #readAll(): void {
    clearTimeout(this.#readTimer);
    for (const path of this.#unread) if (!this.#read(path)) this.#unread.delete(path);
    this.#readTimer = this.#unread.size > 0 ? setTimeout(() => this.#readAll(), 0).unref() : undefined;
  }

  /** Returns whether there may be more to read. */
  #read(path: string): boolean {
    const tail = this.#tails.get(path);
    if (tail === undefined) return false;
    try {
      const more = tail.read((line) => this.#options.take(path, line));
      if (tail.finished !== undefined) this.#remember(tail.finished);
      return more;
    } catch {
      return false; // unreadable for now; the next scan or change tries again
    }
  }

  #remember(finished: FilePosition): void {
    const key = keyOf(finished);
    this.#finished.delete(key);
    this.#finished.set(key, finished);
    const [oldest] = this.#finished.keys();
    if (this.#finished.size > MAX_FILES && oldest !== undefined) this.#finished.delete(oldest);
  }
}

function keyOf({ device, inode }: { device: number; inode: number }): string {
  return `${device}:${inode}`;
}
