// Tests of the whole program, on both hosts: `BYSYNCIFY_WASM=…/host_events.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}

const hosts = {
  node: [process.execPath, [fileURLToPath(new URL('host.mjs', import.meta.url)), wasm]],
  wasmi: [process.env.CARGO ?? 'cargo', ['run', '--quiet', '--package', 'host-events-wasmi', '--', wasm]],
};

// What happens, and what is printed.
const tests = {
  'two machines that sell at the same time': `
    0 coin 20
    1 coin 50          | machine 1: which drink?
    0 button 1         | machine 0: 30 cents more
    0 coin 50          | machine 0: which drink?
    1 button 7         | machine 1: here is drink 7
    0 button 2         | machine 0: 20 cents back
                       | machine 0: here is drink 2
    1 off              | machine 1: off, 1 sold
    0 coin 49
    0 button 2         | machine 0: 1 cents more
    0 off              | machine 0: 49 cents back
                       | machine 0: off, 1 sold
    `,
  'the machines that the input leaves on just end': `
    0 coin 60          | machine 0: which drink?
    0 coin 5
    `,
  'one machine is off, the other sells': `
    0 coin 50          | machine 0: which drink?
    0 off              | machine 0: 50 cents back
                       | machine 0: off, 0 sold
    0 coin 50          | there is no machine 0, or it is off
    2 coin 50          | there is no machine 2, or it is off
    1 button 1         | machine 1: 50 cents more
    `,
  'no words are invented': `
    coin               | \`coin\` says nothing: write \`0 coin 20\`, \`0 button 3\` or \`0 off\`
    0 con 1            | \`0 con 1\` says nothing: write \`0 coin 20\`, \`0 button 3\` or \`0 off\`
    0 coin 1 1         | \`0 coin 1 1\` says nothing: write \`0 coin 20\`, \`0 button 3\` or \`0 off\`
    0 coin x           | \`0 coin x\` says nothing: write \`0 coin 20\`, \`0 button 3\` or \`0 off\`
    `,
};

let failed = 0;
for (const [host, [program, args]] of Object.entries(hosts)) {
  for (const [name, story] of Object.entries(tests)) {
    const lines = story.trim().split('\n').map((line) => line.split('|').map((part) => part.trim()));
    const column = (index) => lines.map((line) => line[index]).filter(Boolean).map((text) => `${text}\n`).join('');
    const { status, stdout, stderr } = spawnSync(program, args, { input: column(0), encoding: 'utf8' });
    try {
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: column(1), stderr: '' });
      console.log(`ok      ${host}: ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${host}: ${name}\n${error.stack}`);
    }
  }
}
const count = Object.keys(hosts).length * Object.keys(tests).length;
console.log(`test.mjs: ${count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
