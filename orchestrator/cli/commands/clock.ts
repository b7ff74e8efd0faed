// somnus clock accept: accepts the current date after the clock jumped.
import type { Cli } from '../command.ts';

export async function acceptClock(cli: Cli): Promise<void> {
  await (await cli.api()).call('post', '/v1/host/clock/accept');
  cli.out.result({ accepted: true }, () => 'Accepted the current date.');
}
