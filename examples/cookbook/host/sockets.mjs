// Connections for the cookbook's programs. The other side of socket.rs.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** What the imports of socket.rs ask for, each a promise of bytes. */
export class Sockets {
  #open = new Map();
  #last = 0;

  /** Keeps it under a number. */
  #keep(it) {
    this.#last += 1;
    this.#open.set(this.#last, it);
    return this.#last;
  }

  #socket(socket) {
    // Who reads or writes next is told of it.
    socket.on('error', () => {});
    return Buffer.from(`${this.#keep({ socket, chunks: socket[Symbol.asyncIterator](), rest: Buffer.alloc(0) })}`);
  }

  async connect(host, port) {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return this.#socket(socket);
  }

  async listen(port) {
    const server = createServer();
    const listener = { server, waiting: [], wake: () => {} };
    server.on('connection', (socket) => {
      listener.waiting.push(this.#socket(socket));
      listener.wake();
    });
    await once(server.listen(port, 'localhost'), 'listening');
    return Buffer.from(`${this.#keep(listener)} ${server.address().port}`);
  }

  async accept(id) {
    const listener = this.#open.get(id);
    while (listener.waiting.length === 0) await new Promise((resolve) => (listener.wake = resolve));
    return listener.waiting.shift();
  }

  /** Some bytes; none at the end. */
  async receive(id, most) {
    const it = this.#open.get(id);
    while (it.rest.length === 0) {
      const { value, done } = await it.chunks.next();
      if (done) break;
      it.rest = value;
    }
    const part = it.rest.subarray(0, most);
    it.rest = it.rest.subarray(most);
    return part;
  }

  transmit(id, bytes) {
    const { socket } = this.#open.get(id);
    return new Promise((resolve, reject) => {
      socket.write(bytes, (error) => (error ? reject(error) : resolve(Buffer.alloc(0))));
    });
  }

  close(id) {
    const { socket, server } = this.#open.get(id);
    socket?.end();
    server?.close();
    this.#open.delete(id);
  }
}
