// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-ureq.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { serve } from '../host/serve.mjs';
import { program, test } from '../host/testing.mjs';
import { serveTasks } from './host.mjs';

const PRINTED = `2 tasks: buy bread, read
added: 201 Created, "water the flowers"
2 tasks: buy bread, water the flowers
not deleted: 401
`;

/** What is printed with a server that answers so. */
async function workWhile(answer) {
  const server = await serve(answer);
  const { status, stdout, stderr } = await program([server.url]);
  server.close();
  return { status, stdout, stderr };
}

await test({
  async 'each request is made when it is its turn, with its body and its headers'() {
    const server = await serveTasks();
    assert.deepEqual(await program([server.url]), { status: 0, stdout: PRINTED, stderr: '' });
    server.close();
    assert.deepEqual(server.seen.map((line) => line.replaceAll(/\s+/g, ' ')), [
      'GET /tasks',
      'POST /tasks application/json; charset=utf-8 { "title": "water the flowers" }',
      'PUT /tasks/3 application/json; charset=utf-8 { "done": true }',
      'GET /tasks?done=true',
      'DELETE /tasks/3',
    ]);
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program([], { script, env: { COOKBOOK_STATS: '1' } });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: PRINTED });
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 64 * 1024 && waits === '5', stderr);
  },

  async 'a redirection is followed'() {
    const { status, stdout } = await workWhile(({ url }, response) => {
      if (url === '/tasks') response.writeHead(302, { location: '/elsewhere' }).end();
      else response.end('[{"title": "moved"}]');
    });
    // The next request is redirected, too, and answered with a list, which has no title.
    assert.deepEqual({ status, stdout: stdout.split('\n')[0] }, { status: 0, stdout: '1 tasks: moved' });
  },

  async 'what is no JSON, and a server that hangs up, are errors'() {
    assert.deepEqual(await workWhile((_, response) => response.end('soon')), {
      status: 1, stdout: '', stderr: 'json: expected value at line 1 column 1\n',
    });
    assert.deepEqual(await workWhile(({ socket }) => socket.destroy()), {
      status: 1, stdout: '', stderr: 'io: other side closed\n',
    });
  },
});
