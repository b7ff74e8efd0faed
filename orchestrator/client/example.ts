// Creates an environment, runs a program in it and takes a snapshot.
import { createClient, exec, SomnusApiError, unwrap, waitForOperation } from './index.ts';

const client = createClient({ baseUrl: process.env['SOMNUS_API'], key: process.env['SOMNUS_KEY'] ?? '' });
const path = { ref: 'demo' };

try {
  const created = await unwrap(client.POST('/v1/environments', { body: { name: 'demo', labels: { team: 'web' } } }));
  await waitForOperation(client, created.operation, { signal: AbortSignal.timeout(600_000) });

  const { stdout, exitCode } = await exec(client, 'demo', { command: ['echo', 'Hello from the VM'] });
  console.log(`exit code ${exitCode}: ${stdout}`);

  const taken = await unwrap(client.POST('/v1/environments/{ref}/snapshots', { params: { path }, body: { name: 'good' } }));
  await waitForOperation(client, taken.operation);

  const { items } = await unwrap(client.GET('/v1/environments', { params: { query: { state: 'running' } } }));
  for (const environment of items) console.log(environment.name, environment.ip, environment.memoryMiB);
} catch (error) {
  if (!(error instanceof SomnusApiError)) throw error;
  console.error(`${error.code}: ${error.message}. ${error.hint}`);
  process.exitCode = 1;
}
