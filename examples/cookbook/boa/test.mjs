// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-boa.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { program, test } from '../host/testing.mjs';
import { servePrices } from './host.mjs';

/** Runs a script. */
async function run(script) {
  const server = await servePrices();
  const printed = await program([script, server.url], { env: { COOKBOOK_STATS: '1' } });
  server.close();
  const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times$/m.exec(printed.stderr) ?? [];
  return { ...printed, stderr: printed.stderr.replace(/^stack .*\n/m, ''), stack, waits };
}

/** The first line of what is printed of one that ends with an error, and nothing else. */
async function error(script) {
  const { status, stdout, stderr } = await run(script);
  assert.deepEqual({ status, stdout }, { status: 1, stdout: '' });
  return stderr.split('\n')[0];
}

const TOO_DEEP = 'RuntimeLimitError: reached the maximum number of recursive calls on this execution';

await test({
  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    assert.deepEqual(await program([], { script }), {
      status: 0, stdout: 'in all 1050\n1 2 3\nnothing.json: 404 Not Found\n', stderr: '',
    });
  },

  async 'it waits as often as it says'() {
    const { waits, stdout } = await run('for (let i = 0; i < 50; i += 1) sleep(0); print("end")');
    assert.deepEqual({ waits, stdout }, { waits: '50', stdout: 'end\n' });
  },

  async 'an endless recursion is an error of the script'() {
    assert.equal(await error('function f(n) { return f(n + 1) + 1; } f(0)'), TOO_DEEP);
  },

  async 'so is one through functions of the engine, which takes its stack'() {
    for (const script of [
      'function f() { [1].map(f); } f()',
      'function f() { [2, 1].sort(f); } f()',
      'const o = { get x() { return this.x; } }; o.x',
      'const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o)',
      'const p = new Proxy({}, { get(_, name, self) { return self[name]; } }); p.x',
      'function f() { Reflect.construct(f, []); } f()',
    ]) {
      assert.equal(await error(script), TOO_DEEP, script);
    }
  },
});
