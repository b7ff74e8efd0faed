// The driver: a confined child process that drives the browser of one environment with Playwright. Pages are hostile, so it has no network, no files and no privileges: descriptor 3 is its connection to the
// browser's debugging port, standard input and output its connection to the control plane.
import { chromium } from 'playwright-core';
import { LineSplitter } from '../../../common/line-splitter.ts';
import type { FromDriver, ToDriver } from './driver-protocol.ts';
import { PlaywrightDriver } from './playwright-driver.ts';
import { connectTransport } from './ws-transport.ts';

const LONGEST_LINE_BYTES = 128 * 1024 * 1024;
/** How long pages that are loading may delay the connection. */
const PATIENCE_MS = 5000;

// Libraries may print messages; standard output is only for answers.
for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const) globalThis.console[method] = () => {};

const send = (message: FromDriver): void => { process.stdout.write(`${JSON.stringify(message)}\n`); };
const splitter = new LineSplitter(LONGEST_LINE_BYTES);
let driver: PlaywrightDriver | undefined;
/** Messages about tabs that were open before, received while they are being looked at. */
const early: Exclude<ToDriver, { start: unknown }>[] = [];

process.stdin.on('data', (chunk: Buffer) => {
  for (const line of splitter.push(chunk)) if (line !== undefined) receive(JSON.parse(line) as ToDriver);
});
process.stdin.on('end', () => process.exit(0));

function receive(message: ToDriver): void {
  if (!('start' in message)) {
    if (driver === undefined) early.push(message);
    else driver.receive(message);
  } else start(message.start).then(() => send({ ready: true }), (error: unknown) => { process.stderr.write(String(error)); process.exit(1); });
}

async function start({ socketPath, downloads, restore, tabs }: Extract<ToDriver, { start: unknown }>['start']): Promise<void> {
  const transport = await connectTransport(socketPath, LONGEST_LINE_BYTES, () => process.exit(0)); // the control plane starts another driver for the next act
  const timer = setTimeout(() => transport.stopLoading(), PATIENCE_MS);
  const browser = await chromium.connectOverCDP(transport, { artifactsDir: downloads, timeout: 0 });
  clearTimeout(timer);
  driver = await PlaywrightDriver.open(browser, send, restore ? tabs : undefined, tabs);
  for (const message of early) driver.receive(message);
}
