// Tests of the whole program, in Node and in a page: `BYSYNCIFY_WASM=…/answer.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { withPage } from '../shared/chromium.mjs';
import { beside, serve } from '../shared/serve.mjs';
import { instantiate, printTo } from './host-calls.mjs';
import { instantiateHostDriven } from './host-driven.mjs';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const here = beside(import.meta.url);

/** A host that answers when it is told to. */
function controlled() {
  const lines = [];
  const calls = [];
  const answer = () => new Promise((resolve, reject) => calls.push({ resolve, reject }));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { now: printTo((line) => lines.push(line)), answer, calls, turn, takeLines: () => lines.splice(0) };
}

/** The program with such a host. */
async function start() {
  const { now, answer, ...host } = controlled();
  return { exports: await instantiate(readFileSync(wasm), { now, later: { get_answer: answer } }), ...host };
}

/** The program with such a host that also suspends it. `calls` are of both kinds. */
async function startHostDriven() {
  const { now, answer, ...host } = controlled();
  const imports = { now, later: { get_answer: answer }, await_answer: answer };
  return { exports: await instantiateHostDriven(readFileSync(wasm), imports), ...host };
}

/** What the program says where the two ways meet. */
const PANICKED = /^panicked at .*fatal\.rs:\d+:\d+:$/;
const MET = 'an Asyncify unwind that bysyncify did not start reached a coroutine: the host suspended '
  + 'code that runs inside one; await there with `embed` instead';

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

  async 'a host that does not suspend says so'() {
    const { exports } = await start();
    assert.throws(() => exports.ask(1),
      { message: 'await_answer: this host does not suspend modules, but host-driven.mjs does' });
  },

  'host-driven, in Node'() {
    const { status, stdout, stderr } = spawnSync(process.execPath, [here('host.mjs'), wasm, '--host-driven'],
      { encoding: 'utf8' });
    const lines = stdout.split('\n');
    const [where] = lines.splice(6, 1);
    assert.deepEqual({ status, lines, stderr }, {
      status: 0,
      lines: ['Asking question 1...', 'Getting answer...', 'Answer is 42', 'Answer to question 1 is 42',
        'ask has returned 42', 'Asking question 0...', MET, 'ask_in_coroutine: unreachable', ''],
      stderr: '',
    });
    assert.match(where, PANICKED);
  },

  async 'the host suspends a call, and the next'() {
    const { exports, calls, turn, takeLines } = await startHostDriven();
    for (const question of [7, 8]) {
      const asked = exports.ask(question);
      await turn();
      assert.deepEqual(takeLines(), [`Asking question ${question}...`]);
      calls.pop().resolve(question * 10);
      assert.equal(await asked, question * 10);
      assert.deepEqual(takeLines(), [`Answer to question ${question} is ${question * 10}`]);
    }
  },

  async 'coroutines run while the host has suspended a call'() {
    const { exports, calls, turn, takeLines } = await startHostDriven();
    // One that waits already, one that is begun meanwhile.
    exports.run();
    const asked = exports.ask(1);
    exports.run();
    assert.deepEqual(takeLines(), ['Getting answer...', 'Asking question 1...', 'Getting answer...']);
    calls[2].resolve(30);
    await turn();
    assert.deepEqual(takeLines(), ['Answer is 30']);
    calls[1].resolve(20);
    assert.equal(await asked, 20);
    assert.deepEqual(takeLines(), ['Answer to question 1 is 20']);
    calls[0].resolve(10);
    await turn();
    assert.deepEqual(takeLines(), ['Answer is 10']);
  },

  async 'the host cannot suspend what runs in a coroutine'() {
    const { exports, takeLines } = await startHostDriven();
    await assert.rejects(exports.ask_in_coroutine(), { name: 'RuntimeError', message: 'unreachable' });
    const [asking, where, message, ...rest] = takeLines().join('\n').split('\n');
    assert.deepEqual([asking, message, rest], ['Asking question 0...', MET, []]);
    assert.match(where, PANICKED);
  },

  // What README.md says: a limit of `asyncify-wasm`, which has one place for what it saves.
  async 'two calls that the host has suspended get each other\'s answers'() {
    const { exports, calls, takeLines } = await startHostDriven();
    const asked = [exports.ask(1), exports.ask(2)];
    calls[0].resolve(10);
    calls[1].resolve(20);
    await Promise.all(asked);
    assert.deepEqual(takeLines().slice(2), ['Answer to question 2 is 10', 'Answer to question 1 is 20']);
  },

  async 'in a page, with fetch'() {
    await inPage({}, async (page) => {
      // Both in one task of the page, so that no answer comes in between.
      await page.evaluate('{ const button = document.querySelector("button"); button.click(); button.click(); }');
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
