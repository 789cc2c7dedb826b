// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-minijinja.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { program, test } from '../host/testing.mjs';
import { serveSite } from './host.mjs';

const PAGE = `The weather, as of 9 o'clock
Oslo   snow, -4 degrees: ice, wind
Lima   fog, 17 degrees
Quito  rain, 14 degrees
Oslo again, out of a macro: -4
`;

/** Renders the page of a site with these files in place of others. */
async function render(others) {
  const server = await serveSite(others);
  const { status, stdout, stderr } = await program([server.url]);
  server.close();
  return { status, stdout, stderr: stderr.replaceAll(server.url, 'URL/'), seen: server.seen };
}

await test({
  async 'functions and included templates fetch when they are needed, in order'() {
    const cities = ['Oslo', 'Lima', 'Quito', 'Oslo'].map((city) => `weather/${city}.json`);
    assert.deepEqual(await render(), {
      status: 0, stdout: PAGE, stderr: '', seen: ['page.txt', 'header.txt', 'time.json', ...cities],
    });
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program([], { script, env: { COOKBOOK_STATS: '1' } });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: PAGE });
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 128 * 1024 && waits === '7', stderr);
  },

  async 'what cannot be fetched is an error of the template, with its line'() {
    const { status, stdout, stderr } = await render({ 'header.txt': 'one\n{{ fetch("nothing.json") }}' });
    assert.deepEqual({ status, stdout, stderr }, {
      status: 1,
      stdout: '',
      stderr: 'could not render include: error in "header.txt" (in page.txt:1): ' +
        'invalid operation: URL/nothing.json: 404 Not Found (in header.txt:2)\n',
    });
  },

  async 'an endless recursion is an error of the template'() {
    const { status, stdout, stderr } = await render({ 'header.txt': '{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}' });
    assert.deepEqual({ status, stdout, stderr }, {
      status: 1,
      stdout: '',
      stderr: 'could not render include: error in "header.txt" (in page.txt:1): ' +
        'invalid operation: recursion limit exceeded (in header.txt:1)\n',
    });
  },
});
