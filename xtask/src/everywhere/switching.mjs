// Runs the page of examples/goroutines with a module whose coroutines are continuations:
// `node switching.mjs <the example's folder> <module>`. The module must not run without V8's flag.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { withPage } from '../../../examples/shared/chromium.mjs';
import { serve } from '../../../examples/shared/serve.mjs';

// The flag's names in V8 15 and before. V8 takes no notice of the other one.
const FLAG = '--js-flags=--wasm-wasmfx,--experimental-wasm-wasmfx';

const EXPECTED = `chain: 3000 tasks have counted to 3000
sort: 1000 numbers have come, sorted: true
mutex: 3000 tasks have counted to 3000
semaphore: 1000 tasks, 100 at the same time
`;

const [folder, module] = process.argv.slice(2);
const files = {
  '/': join(folder, 'page.html'),
  '/events.mjs': join(folder, 'events.mjs'),
  '/program.wasm': module,
};
const { address, close } = await serve(files);

/** Clicks the button, and waits until the last line is shown. */
async function run(page) {
  await page.until('"ready" in document.body.dataset');
  await page.evaluate('document.querySelector("input").value = "3000"');
  await page.evaluate('document.querySelector("button").click()');
  await page.until('lines.textContent.includes("semaphore")');
  return page.evaluate('lines.textContent');
}

try {
  await assert.rejects(withPage(address, run), /CompileError.*stack switching/);
  const shown = await withPage(address, run, [FLAG]);
  assert.match(shown, /^sleep: 3000 tasks slept 100 ms each/);
  assert.equal(shown.split('\n').slice(2).join('\n'), EXPECTED);
  console.log('test result: ok. 2 passed; 0 failed');
} finally {
  close();
}
