// The program holder: owns programs that must outlive the SSH connection of their caller. The host starts it when it is first needed; see supervisor/guest/program-holder.ts.
// Arguments: the path of its socket and the folder for its records.
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
server.once('error', (error) => { throw error; });
server.listen(socketPath, () => {
  chmodSync(socketPath, 0o600); // other users could not connect before this either, because they have no write permission; a umask would also apply to the programs
  // From here on, an uncaught error belongs to one request or program. If it ended the process, the exit codes and inputs of all the others would be lost.
  process.on('uncaughtException', (error) => { process.stderr.write(`${error.stack ?? error.message}\n`); });
});
