// Tests of the whole program: `BYSYNCIFY_WASM=…/no_alloc.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const bytes = readFileSync(wasm);
const module = new WebAssembly.Module(bytes);

/** Calls the module as host.mjs does, without waiting; how often, and what it printed. */
function runAtOnce() {
  let [now, polls, text] = [0, 0, ''];
  const alarms = [];
  const read = (address, length) => {
    text += new TextDecoder().decode(new Uint8Array(exports.memory.buffer, address, length));
  };
  const host = { now: () => now, poll_at: (time) => alarms.push(time), print: read, panicked: read };
  const { exports } = new WebAssembly.Instance(module, { host });
  const pages = () => exports.memory.buffer.byteLength / 65536;
  const before = pages();
  exports.start();
  while (polls += 1, exports.poll() === 0) {
    now = Math.min(...alarms.filter((time) => time > now));
    assert.ok(Number.isFinite(now), 'it waits, and for nothing');
  }
  return { exports, now, polls, text, pages: [before, pages()], readText: () => text };
}

const tests = {
  'the message arrives'() {
    const host = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [host, wasm], { encoding: 'utf8' });
    assert.equal(stdout, 'SOS NO HEAP\n9 letters\n', stderr);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  },

  'it takes as long as Morse code does, and waits in between'() {
    const { now, polls, text } = runAtOnce();
    assert.equal(text, 'SOS NO HEAP\n9 letters\n');
    // SOS 27 dots and a pause of 7, NO 19 and 7, HEAP 33 and 7.
    assert.equal(now, (27 + 7 + 19 + 7 + 33 + 7) * 10);
    assert.ok(polls > 50, `${polls} polls`);
  },

  'all of it is in one page of memory, from the beginning to the end'() {
    assert.deepEqual(runAtOnce().pages, [1, 1]);
  },

  'no allocator is in the module'() {
    const names = Buffer.concat(WebAssembly.Module.customSections(module, 'name').map((section) =>
      Buffer.from(section))).toString('latin1');
    // The names are there, with those that every Rust program has and those of ours.
    assert.match(names, /bysyncify_suspend/);
    assert.match(names, /panic/);
    assert.doesNotMatch(names, /__rust_|__rdl_|__rg_|dlmalloc|malloc|GlobalAlloc|RawVec|5alloc/);
    const kinds = WebAssembly.Module.exports(module).map(({ name }) => name);
    assert.ok(kinds.includes('poll') && !kinds.some((name) => name.includes('alloc')), kinds);
  },

  'it is small'() {
    assert.ok(bytes.length < 32 * 1024, `${bytes.length} bytes`);
  },

  'a panic says where'() {
    const { exports, readText } = runAtOnce();
    assert.throws(() => exports.start(), WebAssembly.RuntimeError);
    assert.match(readText(), /panicked at .*lib\.rs:\d+:\d+:\n`start` was called twice\n$/);
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
