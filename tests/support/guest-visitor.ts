// A process that does with a guest what the control plane does, and also serves /healthz. Prints the port of /healthz in its first line, and the result of each visit in the next.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../../common/log.ts';
import { toSomnusError } from '../../common/errors.ts';
import { AgentPort } from '../../supervisor/guest/agent-port.ts';
import { Ssh2Channel } from '../../supervisor/guest/ssh2-channel.ts';

interface Visit { how: 'ssh' | 'port'; port: number; socketPath: string; privateKey: string; hostPublicKey: string; timeoutMs: number }
const { how, port, socketPath, privateKey, hostPublicKey, timeoutMs } = JSON.parse(process.argv[2] ?? '{}') as Visit;
const log = createLogger({ level: 'silent' });

const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1', () => { process.stdout.write(`${(server.address() as AddressInfo).port}\n`); });

const agentPort = new AgentPort({ socketPath, log });
const channel = new Ssh2Channel({ environmentId: 'env_test', runId: 'here', host: '127.0.0.1', port, privateKey, hostPublicKey, connectTimeoutMs: timeoutMs, log });
for (;;) {
  const outcome = how === 'ssh' ? channel.agentGet('/status', timeoutMs) : agentPort.status({ timeoutMs });
  process.stdout.write(`${await outcome.then(() => 'answered', (error: unknown) => `${toSomnusError(error).code}: ${toSomnusError(error).message}`)}\n`);
  await delay(250);
}
