// Runs the program in Node: `node host.mjs answer.wasm`. With `--page` a page runs it, which this
// serves.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { beside, servePage } from '../shared/serve.mjs';
import { instantiate, printTo } from './host-calls.mjs';

const [wasm, option] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('answer: pass the module first: node host.mjs answer.wasm');
  process.exit(2);
}
const here = beside(import.meta.url);

if (option === '--page') {
  const files = ['page.html', 'host-calls.mjs', 'answer.txt'].map((name) => [`/${name}`, here(name)]);
  await servePage({ ...Object.fromEntries(files), '/': here('page.html'), '/answer.wasm': wasm });
} else {
  const later = {
    async get_answer() {
      await setTimeout(500);
      return Number(await readFile(here('answer.txt'), 'utf8'));
    },
  };
  const exports = await instantiate(await readFile(wasm), { now: printTo(console.log), later });
  exports.run();
}
