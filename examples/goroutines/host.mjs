// Runs the program in Node, built for either target: `node host.mjs goroutines.wasm [tasks]`.
// With `--page` it is run by a page, which this serves.

import { readFile } from 'node:fs/promises';
import { beside, servePage } from '../shared/serve.mjs';
import { start } from './events.mjs';

const [file, argument] = process.argv.slice(2);
if (file === undefined) {
  console.error('goroutines: pass the module first: node host.mjs goroutines.wasm');
  process.exit(2);
}

const wasm = await readFile(file);
const module = await WebAssembly.compile(wasm);
const isWasi = WebAssembly.Module.imports(module).some((entry) => entry.module === 'wasi_snapshot_preview1');

if (argument === '--page') {
  const here = beside(import.meta.url);
  await servePage({ '/': here('page.html'), '/events.mjs': here('events.mjs'), '/program.wasm': file });
} else if (isWasi) {
  // Node warns that its WASI is experimental.
  process.removeAllListeners('warning');
  const { WASI } = await import('node:wasi');
  const args = argument === undefined ? [file] : [file, argument];
  const wasi = new WASI({ version: 'preview1', args, returnOnExit: true });
  // Node 20 crashes in any program whose memory grows beyond 64 MiB, if WebAssembly calls Node's own
  // functions without a function of JavaScript's in between.
  const calls = Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...values) => call(...values)]);
  const imports = { wasi_snapshot_preview1: Object.fromEntries(calls) };
  process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports));
} else {
  await start(wasm, argument, console.log);
}
