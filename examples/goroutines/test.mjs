// Tests of the whole program, for both targets, in Node and in a page:
// `BYSYNCIFY_WASM=…/goroutines.wasm BYSYNCIFY_WASI=…/goroutines.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withPage } from '../shared/chromium.mjs';
import { beside, serve } from '../shared/serve.mjs';

const { BYSYNCIFY_WASM: wasm, BYSYNCIFY_WASI: wasi } = process.env;
if (!wasm || !wasi) {
  console.error('test.mjs: set BYSYNCIFY_WASM and BYSYNCIFY_WASI to the built modules, or run `cargo xtask test`');
  process.exit(2);
}
const here = beside(import.meta.url);

/** What is printed, but for the time and the bytes: those are returned. */
function check(printed, tasks) {
  const [, took, each, stack, used] =
    /^sleep: \d+ tasks slept 100 ms each, which took (\d+) ms\nsleep: (\d+) bytes each, (\d+) of them a stack, of which (\d+) are used\n/.exec(printed) ?? [];
  const some = Math.min(tasks, 1000);
  assert.equal(printed, `sleep: ${tasks} tasks slept 100 ms each, which took ${took} ms
sleep: ${each} bytes each, ${stack} of them a stack, of which ${used} are used
chain: ${tasks} tasks have counted to ${tasks}
sort: ${some} numbers have come, sorted: true
mutex: ${tasks} tasks have counted to ${tasks}
semaphore: ${some} tasks, ${Math.min(some, 100)} at the same time
`);
  assert.ok(took >= 100, `${took} ms`);
  // One after the other they would sleep for 1000 s.
  assert.ok(tasks < 10_000 || took < 10_000, `${took} ms`);
  return { each: +each, stack: +stack, used: +used };
}

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here('host.mjs'), ...args], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

/** What a deadlock says: in debug builds where both tasks wait, in others the numbers of functions. */
function checkDeadlock(file) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here('host.mjs'), file, '--dump'], { encoding: 'utf8' });
  assert.notEqual(status, 0);
  assert.match(stdout + stderr, /all tasks wait for each other: a deadlock/);
  const dump = stdout.slice(0, stdout.lastIndexOf('\n', stdout.indexOf('panicked') - 1) + 1) || stdout;
  // How many bytes are in use differs from compiler to compiler. Of a stack something is.
  const used = /(?<= with )\d+(?= of 65536 bytes of stack in use:)/g;
  for (const bytes of dump.match(used)) assert.ok(bytes > 0 && bytes < 65536, dump);
  const told = dump.replaceAll(used, '…');
  if (isDebug) {
    assert.equal(told, readFileSync(here('tests/deadlock.txt'), 'utf8'));
  } else {
    const point = '( +\\d: function \\d+, suspend point \\d+\n)+';
    const task = (name) => `coroutine \`${name}\` waits, with … of 65536 bytes of stack in use:\n${point}`;
    assert.match(told, new RegExp(`^${task('spends')}${task('saves')}`));
  }
}

const isDebug = wasm.includes('/debug/');
const ofDeadlocks = {
  'a deadlock is told with both stacks'() {
    checkDeadlock(wasm);
    checkDeadlock(wasi);
  },
};

const tests = isDebug ? ofDeadlocks : {
  ...ofDeadlocks,
  'tens of thousands of tasks, in Node'() {
    const { each, stack, used } = check(run(wasm, '30000'), 30_000);
    assert.ok(each >= stack && each < stack + 512, `${each} bytes for each task`);
    assert.ok(used <= stack, `${used} of ${stack} bytes used`);
  },

  'the same under WASI'() {
    // So many that the memory has more than 64 MiB: see host.mjs.
    const { each, stack } = check(run(wasi, '60000'), 60_000);
    assert.ok(each >= stack && each < stack + 512, `${each} bytes for each task`);
  },

  'without an argument there are 10000'() {
    check(run(wasm), 10_000);
    check(run(wasi), 10_000);
  },

  'few tasks'() {
    for (const tasks of [1, 2, 7, 150]) {
      check(run(wasm, String(tasks)), tasks);
      check(run(wasi, String(tasks)), tasks);
    }
  },

  'under WASI it sleeps in `poll_oneoff`, and does not spin'() {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(wasi)));
    assert.ok(imports.some(({ name }) => name === 'poll_oneoff'), imports.map(({ name }) => name).join());
  },

  async 'in a page, with whose thread it shares'() {
    const files = { '/': here('page.html'), '/events.mjs': here('events.mjs'), '/program.wasm': wasm };
    const { address, close } = await serve(files);
    try {
      await withPage(address, async (page) => {
        await page.until('"ready" in document.body.dataset');
        await page.evaluate('document.querySelector("button").click()');
        await page.until('lines.textContent.includes("semaphore")');
        check(await page.evaluate('lines.textContent'), 10_000);
        if (process.env.BYSYNCIFY_SCREENSHOT) await page.screenshot(process.env.BYSYNCIFY_SCREENSHOT);
      });
    } finally {
      close();
    }
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
console.log(`test.mjs: ${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
