// A hostile guest as a separate process: an SSH server, or the other end of the agent's port. Prints the port that it listens on in its first line.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import ssh2 from 'ssh2';

const [mode = '', hostKey = ''] = process.argv.slice(2);
const MUCH_UNSENT = 1_048_576;

/** Sends it repeatedly, as fast as the other side, or its kernel, accepts it. */
function flood(socket: Socket, say: () => void): void {
  const go = (): void => {
    while (!socket.destroyed && socket.writableLength < MUCH_UNSENT) say();
    if (!socket.destroyed) socket.once('drain', go);
  };
  go();
}

function listen(server: { listen(port: number, host: string, listening: () => void): unknown; address(): unknown }): void {
  server.listen(0, '127.0.0.1', () => { process.stdout.write(`${(server.address() as AddressInfo).port}\n`); });
}

/** Accepts every login, reads nothing afterwards, and asks for answers endlessly: calls `send` once for each client. */
function askForAnswers(send: (socket: Socket, ask: () => void) => void): void {
  listen(new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => attempt.accept());
    client.on('ready', () => {
      const { _sock: socket, _protocol: protocol } = client as unknown as { _sock: Socket; _protocol: { ping(): void } };
      socket.pause();
      send(socket, () => protocol.ping());
    });
  }));
}

/** Sends small packets, none of which costs much to read. */
function trickle(socket: Socket, ask: () => void): void {
  for (let sent = 0; sent < 20 && socket.writableLength < MUCH_UNSENT; sent += 1) ask();
  if (!socket.destroyed) setImmediate(trickle, socket, ask);
}

/** Runs every requested command, and answers HTTP requests over forwarded connections with an endless body. */
function streamForEver(): void {
  listen(new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const stream = acceptExec();
        stream.write('/bin/sh\n');
        stream.exit(0);
        stream.end();
      });
    });
    client.on('tcpip', (accept) => {
      const stream = accept();
      stream.on('error', () => {});
      stream.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n');
      const body = Buffer.alloc(32_768, 'x');
      const go = (): void => {
        while (stream.writable && stream.write(body));
        if (stream.writable) stream.once('drain', go);
      };
      go();
    });
  }));
}

const line = (length: number, content = 'x'): Buffer => Buffer.from(`${content.repeat(length)}\n`);

const modes: Record<string, () => void> = {
  'global-requests': () => askForAnswers(flood),
  'trickled-requests': () => askForAnswers(trickle),
  'endless-http': streamForEver,
  /** Sends a line before SSH's own now and then, and never SSH's own. */
  'endless-banner': () => listen(createServer((socket) => {
    socket.on('error', () => {});
    const timer = setInterval(() => socket.write('not yet\r\n'), 100);
    socket.once('close', () => clearInterval(timer));
  })),
  'garbage-before-ssh': () => listen(createServer((socket) => {
    socket.on('error', () => {});
    flood(socket, () => socket.write(line(65_536)));
  })),
  'port-lines': () => listen(createServer((socket) => {
    socket.on('error', () => {});
    const status = `{"event":"status","status":{"contractVersion":1,"agentVersion":"1","bootId":"${'b'.repeat(1_000_000)}"}}\n`;
    flood(socket, () => socket.write(status));
  })),
  'port-no-end': () => listen(createServer((socket) => {
    socket.on('error', () => {});
    flood(socket, () => socket.write(Buffer.alloc(65_536, 'x')));
  })),
};
modes[mode]?.();
