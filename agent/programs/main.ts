// The program holder: owns programs that must outlive the SSH connection of their caller. Started by the host when first needed; see supervisor/guest/program-holder.ts.
// Arguments: the path of its socket, and the folder for its records.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Programs } from './programs.ts';
import { programServer } from './program-server.ts';

const [, , socketPath = '/run/somnus/programs.sock', folder = '/var/lib/somnus/programs'] = process.argv;

mkdirSync(folder, { recursive: true, mode: 0o700 });
mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
const programs = new Programs(folder);
programs.adopt();
const server = programServer(programs);
rmSync(socketPath, { force: true });
writeFileSync(`${socketPath}.pid`, `${process.pid}\n`);
// Others lack the right to write to it, which a connection needs, even before this; a umask would be its programs', too.
server.listen(socketPath, () => chmodSync(socketPath, 0o600));
