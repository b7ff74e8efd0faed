// The program that watches files in a guest, for guest-folders.ts. Node's own recursive watch on Linux misses what is written to a new file before its
// watcher exists; here each folder is watched, so only a new folder has such a moment, and what is in it then is reported as created.

/** JavaScript for `node -e`, with two arguments: the path, and 1 to include the folders in it. Prints a line of JSON for each GuestFileEvent. */
export const watchProgram = `
const { watch, lstatSync, readdirSync } = require('node:fs');
const { dirname, join } = require('node:path');
const [root, recursive] = process.argv.slice(1);
const watchers = new Map();
const write = (type, path) => process.stdout.write(JSON.stringify({ type, path }) + '\\n');
const stat = (path) => { try { return lstatSync(path); } catch { return undefined; } };
const fail = (error) => { process.stderr.write(String(error.message)); process.exit(1); };

function watchFolder(folder, isNew) {
  if (watchers.has(folder)) return;
  try {
    watchers.set(folder, watch(folder, { encoding: 'utf8' }, (event, name) => onEvent(event, join(folder, name ?? ''))).on('error', (error) => { if (stat(folder)) fail(error); }));
    if (recursive !== '1') return;
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (isNew) write('created', path);
      if (entry.isDirectory()) watchFolder(path, isNew);
    }
  } catch (error) {
    if (stat(folder)) fail(error);
  }
}

function forget(folder) {
  for (const [path, watcher] of watchers) {
    if (path !== folder && !path.startsWith(folder + '/')) continue;
    watcher.close();
    watchers.delete(path);
  }
}

function onEvent(event, path) {
  if (!stat(root)) {
    write('removed', root);
    process.exit(0);
  }
  const info = stat(path);
  if (event === 'change') {
    if (info) write('changed', path);
    return;
  }
  if (!info && !stat(dirname(path))) return; // the folder itself is gone, which its parent reports
  write(info ? 'created' : 'removed', path);
  if (!info || !info.isDirectory()) forget(path);
  else if (recursive === '1') watchFolder(path, true);
}

if (stat(root).isDirectory()) watchFolder(root, false);
else watch(root, () => onEvent('change', root)).on('error', fail);
write('ready', root);`;
