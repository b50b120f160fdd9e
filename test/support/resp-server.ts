import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/** A reply in the protocol of Redis: an error, or what is sent as a number, a text, nothing, or a list of these. */
export type Reply = Error | number | string | null | readonly Reply[];

/** A server that speaks the protocol of Redis, and replies as a test says. */
export class RespServer {
  /** All commands that have arrived, with their arguments. */
  readonly commands: string[] = [];
  connections = 0;
  private readonly sockets = new Set<Socket>();

  /**
   * @param server takes the connections
   * @param reply what a command is answered; undefined for `OK`
   */
  constructor(
    private readonly server: Server = createServer(),
    private reply: (words: readonly string[]) => Reply | undefined = () => undefined,
  ) {
    const onSocket = (socket: Socket): void => {
      this.connections += 1;
      this.sockets.add(socket);
      let received = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        for (let command; (command = firstCommand(received)) !== undefined;) {
          received = received.slice(command.length);
          this.commands.push(command.words.join(' '));
          socket.write(written(this.reply(command.words) ?? 'OK'));
        }
      });
    };
    // A TLS server has an event of its own for a connection whose handshake is over.
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', onSocket);
  }

  /** Replies otherwise from now on. */
  replies(reply: (words: readonly string[]) => Reply | undefined): void {
    this.reply = reply;
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Hangs up all connections. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.hangUp();
    this.server.close();
  }
}

/** The first whole command in what was received, an array of strings. */
function firstCommand(received: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(received);
  if (head === null) return undefined;
  const words: string[] = [];
  let at = head[0].length;
  for (let count = Number(head[1]); words.length < count;) {
    const size = /^\$(\d+)\r\n/.exec(received.slice(at));
    if (size === null) return undefined;
    const [from, length] = [at + size[0].length, Number(size[1])];
    at = from + length + 2;
    if (received.length < at) return undefined;
    words.push(received.slice(from, from + length));
  }
  return { words, length: at };
}

function written(reply: Reply): string {
  if (reply === null) return '$-1\r\n';
  if (reply instanceof Error) return `-${reply.message}\r\n`;
  if (typeof reply === 'number') return `:${String(reply)}\r\n`;
  if (typeof reply === 'string') return `$${String(reply.length)}\r\n${reply}\r\n`;
  return `*${String(reply.length)}\r\n${reply.map(written).join('')}`;
}
