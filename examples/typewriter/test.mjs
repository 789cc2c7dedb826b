// Tests of the whole program: `BYSYNCIFY_WASM=…/typewriter.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const module = new WebAssembly.Module(readFileSync(wasm));

/** An instance with a host that notes every call, and calls back when `callBack` says so. */
function instantiate(text) {
  const calls = [];
  const waiting = [];
  const bytes = (pointer, length) => Buffer.from(exports.memory.buffer, pointer, length);
  const env = {
    print: (...where) => void calls.push(`print ${bytes(...where).toString()}`),
    read: (pointer, length) => {
      const copied = Buffer.from(text).copy(bytes(pointer, length));
      calls.push(`read ${copied}`);
      text = text.slice(copied);
      return copied;
    },
    onReady: (callback, frame) => {
      calls.push('onReady');
      waiting.push({ callback: exports.__indirect_function_table.get(callback), frame });
    },
  };
  const { exports } = new WebAssembly.Instance(module, { env });
  const callBack = () => {
    const { callback, frame } = waiting.shift();
    assert.equal(callback(frame), undefined);
  };
  const takeCalls = () => calls.splice(0);
  return { exports, waiting, callBack, takeCalls };
}

const run = (...args) => {
  const host = fileURLToPath(new URL('host.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [host, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

const tests = {
  'the text arrives'() {
    assert.deepEqual(run(wasm), { status: 0, stdout: 'hello world!!!\n', stderr: '' });
    assert.deepEqual(run(wasm, 'Grüße'), { status: 0, stdout: 'Grüße\n', stderr: '' });
  },

  'the module needs what its host has, and has what its host needs'() {
    const shown = ({ module, name, kind }) => [module, name, kind].filter(Boolean).join(' ');
    assert.deepEqual(WebAssembly.Module.imports(module).map(shown).sort(),
      ['env onReady function', 'env print function', 'env read function']);
    const exports = WebAssembly.Module.exports(module).map(shown);
    for (const needed of ['memory memory', '__indirect_function_table table', 'init function']) {
      assert.ok(exports.includes(needed), `${needed} is not in ${exports}`);
    }
  },

  'it returns to the host before each letter, and goes on in the loop'() {
    const { exports, waiting, callBack, takeCalls } = instantiate('ab');
    assert.equal(exports.init(), undefined);
    assert.deepEqual(takeCalls(), ['onReady']);
    callBack();
    assert.deepEqual(takeCalls(), ['read 1', 'print a', 'onReady']);
    callBack();
    assert.deepEqual(takeCalls(), ['read 1', 'print b', 'onReady']);
    callBack();
    assert.deepEqual(takeCalls(), ['read 0']);
    assert.deepEqual(waiting, []);
  },

  'once it has ended it can be run again, but not before'() {
    const { exports, callBack, takeCalls } = instantiate('');
    exports.init();
    callBack();
    exports.init();
    assert.deepEqual(takeCalls(), ['onReady', 'read 0', 'onReady']);
    assert.throws(() => exports.init(), WebAssembly.RuntimeError);
  },

  'memory does not grow, however long the text is'() {
    const { exports, waiting, callBack } = instantiate('x'.repeat(10_000));
    exports.init();
    const pages = exports.memory.buffer.byteLength;
    while (waiting.length > 0) callBack();
    assert.equal(exports.memory.buffer.byteLength, pages);
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
console.log(`test.mjs: ${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
