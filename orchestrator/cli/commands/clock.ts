// somnus clock accept: the date is right, whatever the clock did.
import type { Cli } from '../command.ts';

export async function acceptClock(cli: Cli): Promise<void> {
  await (await cli.api()).call('POST', '/v1/host/clock/accept', { body: {} });
  cli.out.result({ accepted: true }, () => 'The clock is trusted.');
}
