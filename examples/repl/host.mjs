// Runs the program in a terminal: `node host.mjs repl.wasm [script.rhai]`. With `--page` a page runs
// it, which this serves.

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { beside, servePage } from '../shared/serve.mjs';
import { load } from './host-calls.mjs';

const [wasm, script] = process.argv.slice(2);
if (wasm === undefined) {
  console.error('repl: pass the module first: node host.mjs repl.wasm [script.rhai]');
  process.exit(2);
}
const here = beside(import.meta.url);

if (script === '--page') {
  const files = ['host-calls.mjs', 'page.mjs', 'scripts/guess.rhai', 'scripts/count.rhai'].map((name) => [`/${name}`, here(name)]);
  await servePage({ ...Object.fromEntries(files), '/': here('page.html'), '/repl.wasm': wasm });
} else {
  process.exitCode = (await runInTerminal()) ? 0 : 1;
}

async function runInTerminal() {
  const isTerminal = process.stdin.isTTY;
  const input = createInterface({ input: process.stdin, output: isTerminal ? process.stdout : undefined });
  const lines = input[Symbol.asyncIterator]();
  // Who was stopped while it waited leaves this line to the next.
  let next;
  const terminal = {
    print: (line) => console.log(line),
    fail: (line) => console.error(line),
    async readLine(prompt) {
      input.setPrompt(prompt);
      if (isTerminal) input.prompt();
      next ??= lines.next();
      const { value, done } = await next;
      next = undefined;
      return done ? null : value;
    },
  };
  const run = await load(await readFile(wasm));
  const program = run(terminal, script && await readFile(script, 'utf8'));
  input.on('SIGINT', program.stop);
  const isGood = await program.ended;
  input.close();
  return isGood;
}
