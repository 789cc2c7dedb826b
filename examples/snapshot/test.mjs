// Tests of the whole program, on both hosts: `BYSYNCIFY_WASM=…/snapshot.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withExportedGlobals } from './globals.mjs';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'bysyncify-snapshot-'));

const hosts = {
  node: [process.execPath, fileURLToPath(new URL('host.mjs', import.meta.url))],
  wasmi: [process.env.CARGO ?? 'cargo', 'run', '--quiet', '--package', 'snapshot-wasmi', '--'],
};

/** Runs a host in a process of its own. */
function run(host, module, file, ...answers) {
  const [program, ...args] = hosts[host];
  const env = { ...process.env, RUST_BACKTRACE: '0' };
  const { status, stdout, stderr } = spawnSync(program, [...args, module, file, ...answers], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The same, where nothing goes wrong: what is printed. */
function go(host, file, ...answers) {
  const { status, stdout, stderr } = run(host, wasm, file, ...answers);
  assert.deepEqual([status, stderr], [0, '']);
  return stdout;
}

const answers = ['Ada', 'tea', 'a lot', '350', 'Käse', '1205', ''];
const expected = [
  'Who is the customer?\n',
  'What is item 1? (Nothing ends.)\n',
  'How many cents for tea?\n',
  '`a lot`: invalid digit found in string\nHow many cents for tea?\n',
  'What is item 2? (Nothing ends.)\n',
  'How many cents for Käse?\n',
  'What is item 3? (Nothing ends.)\n',
  `Invoice for Ada
tea                       3.50
Käse                     12.05
total                    15.55
`,
];

const tests = {
  'in one process'() {
    for (const host of Object.keys(hosts)) {
      const file = join(folder, `one-${host}`);
      assert.equal(go(host, file, ...answers), expected.join(''));
      assert.equal(existsSync(file), false);
    }
  },

  'each answer in a process of its own, in the two engines in turn'() {
    for (const order of [['node', 'wasmi'], ['wasmi', 'node']]) {
      const file = join(folder, `turns-${order[0]}`);
      const steps = [[], ...answers.map((answer) => [answer])];
      const printed = steps.map((step, index) => go(order[index % 2], file, ...step));
      assert.deepEqual(printed, expected);
      assert.equal(existsSync(file), false);
    }
  },

  'a snapshot is the same whichever engine has made it'() {
    for (const host of Object.keys(hosts)) go(host, join(folder, `same-${host}`), 'Ada', 'tea');
    assert.ok(readFileSync(join(folder, 'same-node')).equals(readFileSync(join(folder, 'same-wasmi'))));
  },

  'a copy of a snapshot goes its own way'() {
    const [one, other] = [join(folder, 'copy-one'), join(folder, 'copy-other')];
    go('node', one, 'Ada', 'tea');
    copyFileSync(one, other);
    assert.match(go('wasmi', one, '1', ''), /^tea +0\.01\ntotal +0\.01\n/m);
    assert.match(go('node', other, '2', ''), /^tea +0\.02\ntotal +0\.02\n/m);
  },

  'memory that has grown, in both directions'() {
    for (const [from, to] of [['node', 'wasmi'], ['wasmi', 'node']]) {
      const file = join(folder, `grown-${from}`);
      const items = Array.from({ length: 500 }, (_, i) => [`${'long name '.repeat(40)}${i}`, String(i)]);
      go(from, file, 'Ada', ...items.slice(0, 250).flat());
      const small = statSync(file).size;
      assert.ok(small > 4 * 65536, `${small}`);
      go(to, file, ...items.slice(250).flat());
      assert.ok(statSync(file).size > small);
      assert.match(go(from, file, ''), /^total +1247\.50\n/m);
    }
  },

  'a file that is no snapshot of this module is left as it is'() {
    const other = join(folder, 'other.wasm');
    // A section that says nothing makes it another module.
    writeFileSync(other, Buffer.concat([readFileSync(wasm), Buffer.of(0, 2, 1, 0x78)]));
    const whole = join(folder, 'whole');
    go('node', whole, 'Ada');
    const content = readFileSync(whole);
    for (const host of Object.keys(hosts)) {
      const file = join(folder, `bad-${host}`);
      for (const [bytes, module] of [
        [content, other],
        [Buffer.from('text'), wasm],
        [Buffer.from(''), wasm],
        [content.subarray(0, -1), wasm],
        [content.subarray(0, -65536), wasm],
      ]) {
        writeFileSync(file, bytes);
        const stderr = `Error: \`${file}\` is no whole snapshot of this module; remove it to start again\n`;
        assert.deepEqual(run(host, module, file, 'x'), { status: 1, stdout: '', stderr });
        assert.ok(readFileSync(file).equals(bytes));
      }
    }
  },

  'while it waits its globals are as in a new instance, but for some that are not read again'() {
    const module = new WebAssembly.Module(withExportedGlobals(readFileSync(wasm)));
    const instance = () => new WebAssembly.Instance(module, { host: { print() {} } }).exports;
    const globals = ({ exports = instance() }) => Object.entries(exports)
      .filter(([name]) => name.startsWith('global ')).map(([, { value }]) => value);
    const fresh = globals({});
    const exports = instance();
    for (let step = 0; step < 3; step += 1) {
      assert.equal(step === 0 ? exports.start() : (exports.answer(0), exports.resume()), step < 2 ? 1 : 0);
      const changed = globals({ exports }).filter((value, index) => value !== fresh[index]);
      // The address that Asyncify was given last, the function that the checks of the stack call, and where the host's
      // stack ends; then the frame that was taken last, and what was returned. All are set anew when a coroutine is resumed.
      assert.deepEqual([step, changed.length], [step, [3, 4, 5][step]]);
    }
    // The two that matter most, and Asyncify's two, are among them.
    assert.ok(fresh.length >= 4, `${fresh.length} globals`);
  },

  'nothing is left behind'() {
    assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.new')), []);
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
rmSync(folder, { recursive: true });
console.log(`test.mjs: ${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
