// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-sqlite.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serve } from '../host/serve.mjs';
import { program, test, wasm } from '../host/testing.mjs';
import { serveRanges } from '../host/files.mjs';
import { database } from './host.mjs';

const path = await database(wasm);
const { size } = await stat(path);

/** Asks the database, over a server of this process. */
async function ask(customer) {
  const server = await serveRanges(path);
  const printed = await program([server.url, customer]);
  await server.close();
  return { printed, seen: server.seen };
}

/** Asks a server that answers so. */
async function askWhile(answer) {
  const server = await serve(answer);
  const { status, stdout, stderr } = await program([server.url, 'Customer 1']);
  server.close();
  return { status, stdout, stderr: stderr.replaceAll(server.url, 'URL') };
}

await test({
  async 'a query over 100 MB fetches less than 1 MB'() {
    assert.ok(size > 100e6, `${size}`);
    const { printed, seen } = await ask('Customer 31337');
    assert.deepEqual(printed, {
      status: 0,
      stdout: ` 106310  pink shelf     982.63
 811502  gold chair     924.58
 547055  grey chair     863.25
Customer 31337: 23 orders, 11485.05
${seen.requests} requests, ${seen.bytes} of ${size} bytes
`,
      stderr: '',
    });
    assert.deepEqual(seen, { requests: 46, bytes: 385024 });
  },

  async 'who is not there'() {
    const { printed, seen } = await ask('Nobody');
    assert.deepEqual(printed, {
      status: 0,
      stdout: `Nobody: 0 orders, 0.00\n${seen.requests} requests, ${seen.bytes} of ${size} bytes\n`,
      stderr: '',
    });
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program(['Customer 0'], { script, env: { COOKBOOK_STATS: '1' } });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^Customer 0: 21 orders, 10580.43$/m);
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 64 * 1024 && waits > 10, stderr);
  },

  async 'a server that fails'() {
    const printed = await askWhile((request, response) => {
      const isHead = request.method === 'HEAD';
      response.writeHead(isHead ? 200 : 503, { 'content-length': isHead ? size : 0 }).end();
    });
    const stderr = 'URL: 503 Service Unavailable (SQLite error 266)\ndisk I/O error\n';
    assert.deepEqual(printed, { status: 1, stdout: '', stderr });
  },

  async 'a server without ranges'() {
    const printed = await askWhile((_, response) => response.writeHead(200, { 'content-length': 5 }).end('12345'));
    assert.deepEqual(printed, { status: 1, stdout: '', stderr: 'URL: 200 OK (SQLite error 266)\ndisk I/O error\n' });
  },
});
