// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-tungstenite.wasm node test.mjs`. The other side is the
// package `ws` of npm's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { serve } from '../host/serve.mjs';
import { program, start, test } from '../host/testing.mjs';

const { WebSocket, WebSocketServer } = createRequire(import.meta.url)('ws');

/** Talks to a server that does so with a connection. */
async function talk(words, handle) {
  const server = new WebSocketServer({ port: 0, host: 'localhost' });
  await once(server, 'listening');
  server.on('connection', handle);
  const printed = await program([`ws://localhost:${server.address().port}/chat`, ...words]);
  server.close();
  return printed;
}

await test({
  async 'each word is sent when the answer to the one before is there'() {
    const seen = [];
    const printed = await talk(['one', 'two', 'thrée'], (socket, { url }) => {
      seen.push(url);
      socket.on('message', (data) => {
        seen.push(`${data}`);
        setTimeout(() => socket.send(`${seen.length}: ${data}`), 20);
      });
      socket.on('close', (code) => seen.push(code));
    });
    assert.deepEqual(printed, { status: 0, stdout: '2: one\n3: two\n4: thrée\n', stderr: '' });
    // 1005: closed without a reason.
    assert.deepEqual(seen, ['/chat', 'one', 'two', 'thrée', 1005]);
  },

  async 'large messages, in parts, and a ping between them'() {
    const pongs = [];
    const printed = await talk(['x'.repeat(100_000)], (socket) => {
      socket.on('pong', (data) => pongs.push(`${data}`));
      socket.on('message', (data) => {
        socket.send(data.subarray(0, 60_000), { fin: false, binary: true });
        socket.ping('there?');
        socket.send(data.subarray(60_000), { binary: true });
      });
    });
    assert.deepEqual(printed, { status: 0, stdout: '100000 bytes\n', stderr: '' });
    assert.deepEqual(pongs, ['there?']);
  },

  async 'as a server'() {
    const server = start(['--serve']);
    const [line] = await once(server.child.stdout, 'data');
    const socket = new WebSocket(line.trim());
    await once(socket, 'open');
    const answers = [];
    for (const word of ['stressed', 'é'.repeat(100_000)]) {
      socket.send(word);
      answers.push(`${(await once(socket, 'message'))[0]}`);
    }
    assert.deepEqual(answers, ['desserts', 'é'.repeat(100_000)]);
    socket.close();
    assert.deepEqual(await server.printed, { status: 0, stdout: line, stderr: '' });
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program([], { script, env: { COOKBOOK_STATS: '1' } });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: 'desserts\nreward\n' });
    const both = [...stderr.matchAll(/^stack (\d+) bytes, waited (\d+) times$/gm)];
    assert.ok(both.length === 2 && both.every(([, stack, waits]) => stack < 64 * 1024 && waits > 5), stderr);
  },

  async 'where nobody listens, and where no WebSocket is spoken'() {
    const { status, stdout, stderr } = await program(['ws://localhost:1/']);
    assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
    assert.match(stderr, /^connect ECONNREFUSED .*:1\n$/);
    const server = await serve((_, response) => response.end('a page'));
    const printed = await program([server.url.replace('http', 'ws')]);
    server.close();
    assert.deepEqual(printed, { status: 1, stdout: '', stderr: 'HTTP error: 200 OK\n' });
  },
});
