import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINE_BYTES } from '../../agent/constants.ts';
import { PortResponse } from '../../agent/contract.ts';
import { PortProtocol, type PortHandlers } from '../../agent/port-protocol.ts';
import { SomnusError } from '../../common/errors.ts';

function conversation(): { protocol: PortProtocol; answers: () => Promise<PortResponse[]> } {
  const sent: string[] = [];
  const echo = async (params: unknown): Promise<unknown> => params;
  const handlers: PortHandlers = {
    status: echo, stats: echo, identify: echo, setClock: echo, setVcpus: echo, watch: echo, checkInit: echo, health: echo, incidents: echo, softReboot: echo, reloadConfig: echo, applyFix: echo, recordHostFix: echo, learnBenign: echo, setFixes: echo, commandFailed: echo, setEngine: echo,
    powerOff: async () => { throw new SomnusError('unsupported', 'not here'); },
  };
  const protocol = new PortProtocol(handlers, (bytes) => sent.push(bytes.toString()));
  return {
    protocol,
    answers: async () => {
      await new Promise((resolve) => { setImmediate(resolve); });
      return sent.map((line) => {
        expect(line.endsWith('\n')).toBe(true);
        return PortResponse.parse(JSON.parse(line));
      });
    },
  };
}

const request = (id: number, method: string, params: unknown = {}): string => `${JSON.stringify({ id, method, params })}\n`;

test('A request is answered with its id', async () => {
  const { protocol, answers } = conversation();
  protocol.receive(Buffer.from(request(7, 'status', { a: 'ü' })));
  expect(await answers()).toEqual([{ id: 7, result: { a: 'ü' } }]);
});

test('Requests may arrive in any pieces', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 30 }), async (cuts) => {
    const { protocol, answers } = conversation();
    const bytes = Buffer.from(request(1, 'status', { text: 'äöü€😀' }) + request(2, 'stats', {}));
    let at = 0;
    for (const cut of cuts) protocol.receive(bytes.subarray(at, at += cut));
    protocol.receive(bytes.subarray(at));
    expect(await answers()).toEqual([{ id: 1, result: { text: 'äöü€😀' } }, { id: 2, result: {} }]);
  }));
});

test('Noise, partial lines and overlong lines are skipped, and the next request is answered', async () => {
  const { protocol, answers } = conversation();
  protocol.receive(Buffer.from([0, 255, 10]));
  protocol.receive(Buffer.from('{"id":1,"method":"sta\n'));
  protocol.receive(Buffer.from('null\n[]\n"x"\n{"id":"1","method":"status"}\n{"method":"status"}\n{"id":1.5,"method":"status"}\n'));
  for (let sent = 0; sent <= MAX_LINE_BYTES + 65_536; sent += 65_536) protocol.receive(Buffer.alloc(65_536, 'x'));
  protocol.receive(Buffer.from('\n'));
  protocol.receive(Buffer.from(request(9, 'status')));
  expect(await answers()).toEqual([{ id: 9, result: {} }]);
});

test('A partial line of a host that has disconnected is not prefixed to the next host\'s first line', async () => {
  const { protocol, answers } = conversation();
  protocol.receive(Buffer.from('{"id":1,"meth'));
  protocol.reset();
  protocol.receive(Buffer.from(request(2, 'status')));
  expect(await answers()).toEqual([{ id: 2, result: {} }]);
});

test('An unknown method and a failing one are answered with a code', async () => {
  const { protocol, answers } = conversation();
  protocol.receive(Buffer.from(request(1, 'explode') + request(2, 'toString') + request(3, 'powerOff')));
  expect(await answers()).toEqual([
    { id: 1, error: { code: 'not_found', message: 'No such method: explode' } },
    { id: 2, error: { code: 'not_found', message: 'No such method: toString' } },
    { id: 3, error: { code: 'unsupported', message: 'not here' } },
  ]);
});
