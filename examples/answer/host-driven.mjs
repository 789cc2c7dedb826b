// The host-driven way, for comparison: npm's `asyncify-wasm` suspends the module when an import
// returns a promise, and calls the export again when there is a result.

import { createRequire } from 'node:module';
import { instantiate } from './host-calls.mjs';

/**
 * The module with its exports as asynchronous functions. `await_answer` is one, too: while it runs
 * whoever has called it is suspended. One at a time: see README.md.
 */
export function instantiateHostDriven(wasm, { now, later, await_answer }) {
  return instantiate(wasm, { now, later, suspending: { await_answer }, api: asyncifyWasm() });
}

function asyncifyWasm() {
  try {
    // Not by `import`, which does not look in NODE_PATH.
    return createRequire(import.meta.url)('asyncify-wasm');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    console.error('asyncify-wasm is not installed: run `npm install --prefix examples/answer`');
    process.exit(2);
  }
}
