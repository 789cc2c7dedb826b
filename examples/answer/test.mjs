// Tests of the whole program, in Node and in a page: `BYSYNCIFY_WASM=…/answer.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withPage } from '../shared/chromium.mjs';
import { beside, serve } from '../shared/serve.mjs';
import { instantiate, printTo } from './host-calls.mjs';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const here = beside(import.meta.url);

/** The program with a host that answers when it is told to. */
async function start() {
  const lines = [];
  const calls = [];
  const get_answer = () => new Promise((resolve, reject) => calls.push({ resolve, reject }));
  const exports = await instantiate(readFileSync(wasm), { now: printTo((line) => lines.push(line)), later: { get_answer } });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { exports, calls, turn, takeLines: () => lines.splice(0) };
}

/** Runs `body` with the page. */
async function inPage(changes, body) {
  const files = { '/': here('page.html'), '/host-calls.mjs': here('host-calls.mjs'), '/answer.txt': here('answer.txt') };
  const { address, close } = await serve({ ...files, '/answer.wasm': wasm, ...changes });
  try {
    await withPage(address, async (page) => {
      await page.until('!document.querySelector("button").disabled');
      await body(page);
    });
  } finally {
    close();
  }
}

const tests = {
  'in Node'() {
    const { status, stdout, stderr } = spawnSync(process.execPath, [here('host.mjs'), wasm], { encoding: 'utf8' });
    assert.deepEqual({ status, stdout, stderr },
      { status: 0, stdout: 'Getting answer...\nAnswer is 42\n', stderr: '' });
  },

  async 'the call returns to the host, and goes on when there is an answer'() {
    const { exports, calls, turn, takeLines } = await start();
    assert.equal(exports.run(), undefined);
    await turn();
    assert.deepEqual(takeLines(), ['Getting answer...']);
    calls[0].resolve(-7);
    await turn();
    assert.deepEqual(takeLines(), ['Answer is -7']);
    assert.equal(calls.length, 1);
  },

  async 'several at the same time, answered in another order'() {
    const { exports, calls, turn, takeLines } = await start();
    for (let i = 0; i < 3; i += 1) exports.run();
    assert.deepEqual(takeLines(), Array(3).fill('Getting answer...'));
    for (const [index, value] of [[2, 30], [0, 10], [1, 20]]) {
      calls[index].resolve(value);
      await turn();
      assert.deepEqual(takeLines(), [`Answer is ${value}`]);
    }
  },

  async 'a call that fails'() {
    const { exports, calls, turn, takeLines } = await start();
    exports.run();
    const { error } = console;
    const told = [];
    console.error = (line) => told.push(line);
    calls[0].reject(new Error('no network'));
    await turn();
    console.error = error;
    assert.deepEqual(told, ['get_answer: no network']);
    assert.deepEqual(takeLines(), ['Getting answer...', 'There is no answer']);
  },

  async 'in a page, with fetch'() {
    await inPage({}, async (page) => {
      await page.evaluate('document.querySelector("button").click()');
      await page.evaluate('document.querySelector("button").click()');
      await page.until('output.textContent.split("\\n").length === 5');
      assert.equal(await page.evaluate('output.textContent'),
        'Getting answer...\nGetting answer...\nAnswer is 42\nAnswer is 42\n');
      if (process.env.BYSYNCIFY_SCREENSHOT) await page.screenshot(process.env.BYSYNCIFY_SCREENSHOT);
    });
  },

  async 'in a page, where there is nothing to fetch'() {
    await inPage({ '/answer.txt': undefined }, async (page) => {
      await page.evaluate('document.querySelector("button").click()');
      await page.until('output.textContent.includes("There is no answer")');
      assert.equal(await page.evaluate('output.textContent'), 'Getting answer...\nThere is no answer\n');
    });
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
