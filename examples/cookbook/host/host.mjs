// Runs a program of the cookbook in Node: `node host.mjs program.wasm [argument…]`. The other side of lib.rs.
// With COOKBOOK_STATS=1 it tells the stack that the program took, and how often it waited.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Sockets } from './sockets.mjs';

/** Runs it to its end; whether all was well. `save` gets what the program wants to be kept, `print` what it prints. */
export async function run(wasm, args, { save = () => {}, print = console.log } = {}) {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const bytes = (address, length) => new Uint8Array(exports.memory.buffer, address >>> 0, length);
  const text = (address, length) => decoder.decode(bytes(address, length));
  const words = args.map((word) => encoder.encode(word));

  /** Has the program go on when a promise is settled: with its bytes, or with a message. */
  async function answer(id, promise) {
    const [isGood, content] = await promise.then((it) => [1, it], (error) => [0, encoder.encode(describe(error))]);
    const to = exports.room(id, content.length);
    if (to !== 0) bytes(to, content.length).set(content);
    exports.complete(id, isGood);
  }

  let end;
  const ended = new Promise((resolve, reject) => (end = { resolve, reject }));
  const later = (id, promise) => void answer(id, promise).catch(end.reject);

  const sockets = new Sockets();
  const host = {
    print: (address, length) => print(text(address, length)),
    fail: (address, length) => console.error(text(address, length)),
    save: (address, length) => save(bytes(address, length).slice()),
    argument_len: (index) => words[index]?.length ?? -1,
    argument: (index, to) => bytes(to, words[index].length).set(words[index]),
    now: () => Date.now(),
    random: (address, length) => void crypto.getRandomValues(bytes(address, length)),
    fetch: (id, address, length, from, to) => later(id, get(text(address, length), from, to)),
    size: (id, address, length) => later(id, head(text(address, length)).then((size) => encoder.encode(size))),
    sleep: (id, milliseconds) => later(id, new Promise((resolve) => setTimeout(resolve, milliseconds, new Uint8Array()))),
    request: (id, ...parts) => later(id, request(text(...parts.slice(0, 2)), bytes(...parts.slice(2)).slice())),
    connect: (id, address, length, port) => later(id, sockets.connect(text(address, length), port)),
    listen: (id, port) => later(id, sockets.listen(port)),
    accept: (id, listener) => later(id, sockets.accept(listener)),
    receive: (id, socket, most) => later(id, sockets.receive(socket, most)),
    transmit: (id, socket, address, length) => later(id, sockets.transmit(socket, bytes(address, length).slice())),
    close: (it) => sockets.close(it),
    end: (isGood, stack, waits) => {
      if (process.env.COOKBOOK_STATS) console.error(`stack ${stack} bytes, waited ${waits} times`);
      end.resolve(isGood === 1);
    },
  };
  const { instance: { exports } } = await WebAssembly.instantiate(await readFile(wasm), { host });
  exports.main(0, 0);
  return ended;
}

/** Why a request failed: fetch hides that in its error's cause, and a name with several addresses in each one's. */
function describe({ cause, errors, message }) {
  return cause || errors?.length ? describe(cause ?? errors[0]) : message;
}

async function get(url, from, to) {
  const isPart = from >= 0;
  const response = await fetch(url, { headers: isPart ? { range: `bytes=${from}-${to - 1}` } : {} });
  // A server that knows no ranges answers 200, with all there is.
  if (response.status !== (isPart ? 206 : 200)) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function head(url) {
  const response = await fetch(url, { method: 'HEAD' });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.headers.get('content-length') ?? '';
}

/** Any request: a line for the method and the address, and one for each header. */
async function request(head, body) {
  const [[method, url], ...headers] = head.trimEnd().split('\n').map((line) => line.split(/:? (.*)/s, 2));
  const response = await fetch(url, { method, headers, body: body.length === 0 ? undefined : body });
  const lines = [`${response.status} ${response.statusText}`, ...[...response.headers].map((it) => it.join(': '))];
  return Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), Buffer.from(await response.arrayBuffer())]);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, ...args] = process.argv.slice(2);
  // Until it has ended: Node ends when there is nothing left to wait for.
  process.exitCode = 1;
  if (await run(wasm, args)) process.exitCode = 0;
}
