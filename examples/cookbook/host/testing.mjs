// For the tests of the cookbook's programs: runs one as a user does, and each test by its name.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The module, which `cargo xtask` names. */
export const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask everywhere cookbook`');
  process.exit(2);
}

/** Runs the module in Node with these arguments; what it printed. */
export const program = (args, options) => start(args, options).printed;

/** The same, while it runs. */
export function start(args, { script = fileURLToPath(new URL('host.mjs', import.meta.url)), env = {} } = {}) {
  const child = spawn(process.execPath, [script, wasm, ...args], { env: { ...process.env, ...env } });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (printed[stream] += text));
  }
  const end = new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, ...printed }));
  });
  return { child, printed: end };
}

/** Runs all tests, and ends with 1 if one has failed. */
export async function test(tests) {
  let failed = 0;
  for (const [name, run] of Object.entries(tests)) {
    try {
      await run();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  const passed = Object.keys(tests).length - failed;
  console.log(`test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed; ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
