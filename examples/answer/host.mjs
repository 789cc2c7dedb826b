// Runs the program in Node: `node host.mjs answer.wasm`. With `--page` a page runs it, which this
// serves. With `--host-driven` it runs as it is, and as a program that the host suspends; and then
// as both at once, which ends with a message.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { beside, servePage } from '../shared/serve.mjs';
import { instantiate, printTo } from './host-calls.mjs';
import { instantiateHostDriven } from './host-driven.mjs';

const [wasm, option] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('answer: pass the module first: node host.mjs answer.wasm');
  process.exit(2);
}
const here = beside(import.meta.url);

/** What answers: a slow file. */
const answerAfter = (milliseconds) => async () => {
  await setTimeout(milliseconds);
  return Number(await readFile(here('answer.txt'), 'utf8'));
};
const later = { get_answer: answerAfter(500) };
const now = printTo(console.log);

if (option === '--page') {
  const files = ['page.html', 'host-calls.mjs', 'answer.txt'].map((name) => [`/${name}`, here(name)]);
  await servePage({ ...Object.fromEntries(files), '/': here('page.html'), '/answer.wasm': wasm });
} else if (option === '--host-driven') {
  const start = async () =>
    instantiateHostDriven(await readFile(wasm), { now, later, await_answer: answerAfter(1000) });
  const exports = await start();
  const asked = exports.ask(1);
  exports.run();
  console.log(`ask has returned ${await asked}`);
  // A module of its own: it is of no use afterwards.
  const { ask_in_coroutine } = await start();
  await ask_in_coroutine().catch((error) => console.log(`ask_in_coroutine: ${error.message}`));
} else {
  const exports = await instantiate(await readFile(wasm), { now, later });
  exports.run();
}
