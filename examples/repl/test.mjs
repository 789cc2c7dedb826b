// Tests of the whole program, in a terminal and in a page: `BYSYNCIFY_WASM=…/repl.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withPage } from '../shared/chromium.mjs';
import { beside, serve } from '../shared/serve.mjs';
import { load } from './host-calls.mjs';

const wasm = process.env.BYSYNCIFY_WASM;
if (!wasm) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}
const here = beside(import.meta.url);
const guess = here('scripts/guess.rhai');
const folder = mkdtempSync(join(tmpdir(), 'bysyncify-repl-'));

/** Runs it as a user does, with this input. */
function inTerminal(input, ...args) {
  const { status, stdout, stderr } =
    spawnSync(process.execPath, [here('host.mjs'), wasm, ...args], { input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

function inTerminalScript(script, input) {
  const file = join(folder, 'script.rhai');
  writeFileSync(file, script);
  return inTerminal(input, file);
}

/** Runs it with a terminal that notes everything. `answer` is asked for lines. */
async function start(script, answer = () => new Promise(() => {}), run = undefined) {
  const seen = [];
  const terminal = {
    print: (line) => seen.push(line),
    fail: (line) => seen.push(`! ${line}`),
    readLine: (prompt) => {
      seen.push(`? ${prompt}`);
      return answer();
    },
  };
  run ??= await load(readFileSync(wasm));
  return { ...run(terminal, script), seen };
}

/** Whether a dump tells of these, with a stack for each that is not whatever it is polled in. */
function checkDump(text, names) {
  const heads = text.split('\n').filter((line) => line.startsWith('coroutine '));
  const waits = (name) => `coroutine \`${name}\` waits, with … of 1048576 bytes of stack in use:`;
  assert.deepEqual(heads.map((line) => line.replace(/(?<= with )\d+(?= of)/, '…')), names.map(waits));
  for (const stack of text.split(/^coroutine .*$/m).slice(1)) assert.match(stack, /^(\n +\d+: \S.*)+\n?$/);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const tests = {
  'a script that asks'() {
    assert.deepEqual(inTerminal('50\nx\n30\n42\nmore\n', guess), {
      status: 0,
      stdout: `I have a number in mind, from 1 to 100.
Less.
"x" is no number.
More.
Yes, after 3 guesses.
`,
      stderr: '',
    });
  },

  'what is typed'() {
    const typed = ['let x = 40;', 'x + 2', 'fn f(n) {', '  if n < 2 { 1 } else { n * f(n - 1) }', '}', 'f(5)',
      'let name = input("?");', 'Ada', '[name,', 'x]', 'print(name)', 'foo()', 'let = 1', '"open', 'x'];
    assert.deepEqual(inTerminal(`${typed.join('\n')}\n`), {
      status: 0,
      stdout: '=> 42\n=> 120\n=> ["Ada", 40]\nAda\n=> 40\n',
      stderr: `Function not found: foo () (line 1, position 1)
Syntax error: Expecting name of a variable (line 1, position 5)
Syntax error: Open string is not terminated (line 1, position 1)
`,
    });
  },

  'scripts that fail say where, and it is known'() {
    assert.deepEqual(inTerminalScript('print(1);\nlet x = input();\nlet y = input();', 'one\n'),
      { status: 1, stdout: '1\n', stderr: 'Runtime error: there is no more input (line 3, position 9)\n' });
    assert.deepEqual(inTerminalScript('let x = ;', ''),
      { status: 1, stdout: '', stderr: 'Syntax error: Unexpected \';\' (line 1, position 9)\n' });
  },

  'an endless recursion is an error of the interpreter\'s, and no trap'() {
    assert.deepEqual(inTerminalScript('fn f(n) { f(n + 1) + [n].len() } f(0)', ''),
      { status: 1, stdout: '', stderr: 'Recursion is too deep (line 1, position 34)\n' });
  },

  'a script calls deeper than Rhai would allow, waits there, and goes on after one that was too deep'() {
    const typed = ['fn f(n) { if n == 0 { input("") } else { f(n - 1) + "." } }', 'f(100).len()', 'deep', 'f(1000000)', 'f(1)', 'end'];
    assert.deepEqual(inTerminal(`${typed.join('\n')}\n`),
      { status: 0, stdout: '=> 104\n=> "end."\n', stderr: 'Recursion is too deep (line 1, position 1)\n' });
  },

  async 'it waits in the middle of loops, closures and calls'() {
    let number = 0;
    const answer = async () => String(number += 1);
    const { ended, seen } = await start(`
      fn read(prompt) { parse_int(input(prompt)) }
      let sum = [10, 20].map(|x| x + read(\`\${x}: \`)).reduce(|a, b| a + b, 0);
      for i in 0..2 { sum += read("again "); }
      print(sum)`, answer);
    assert.equal(await ended, true);
    assert.deepEqual(seen, ['? 10: ', '? 20: ', '? again ', '? again ', '40']);
  },

  async 'sleep takes its time, as scripts can measure, and others run meanwhile'() {
    // Long, since the engine compiles what it runs for the first time: that alone may take a twentieth of a second.
    const script = 'let t = timestamp(); sleep(0.5); sleep(0); sleep(-1); print(t.elapsed >= 0.499 && t.elapsed < 30.0)';
    const { ended, seen } = await start(script);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    assert.equal(await ended, true);
    clearInterval(timer);
    assert.deepEqual(seen, ['true']);
    assert.ok(ticks > 2, `${ticks} ticks`);
  },

  async 'a script that never ends lets others run, and can be stopped'() {
    const { ended, stop, seen } = await start('print("begin"); let x = 0; while true { x += 1; }');
    for (let i = 0; i < 5; i += 1) await pause(1);
    stop();
    assert.equal(await ended, false);
    assert.equal(seen.length, 2);
    assert.match(seen.join('\n'), /^begin\n! Script terminated \(line 1, position \d+\)$/);
  },

  async 'so can one that sleeps, or waits for a line'() {
    for (const [script, question] of [['sleep(1000)', []], ['sleep(1000.0)', []], ['input("who")', ['? who']]]) {
      const { ended, stop, seen } = await start(script);
      await pause(1);
      stop();
      assert.equal(await ended, false);
      assert.deepEqual(seen, [...question, '! Script terminated (line 1, position 1)']);
    }
  },

  async 'several run at once in one module, and Stop is for one of them'() {
    const run = await load(readFileSync(wasm));
    const never = await start('loop {}', undefined, run);
    let [give, answer] = [];
    const asks = await start('print("hello " + input("who"))', () => (answer ??= new Promise((resolve) => (give = resolve))), run);
    const sleeps = await start('fn deep(n) { if n == 0 { sleep(0.02); } else { deep(n - 1) } } for i in 0..3 { deep(5); print(i) }', undefined, run);
    assert.equal(await sleeps.ended, true);
    assert.deepEqual(sleeps.seen, ['0', '1', '2']);
    assert.deepEqual([never.seen, asks.seen], [[], ['? who']]);
    never.stop();
    assert.equal(await never.ended, false);
    give('Ada');
    assert.equal(await asks.ended, true);
    assert.deepEqual(asks.seen, ['? who', 'hello Ada']);
    // It has no effect any more, and disturbs no one.
    never.stop();
    asks.stop();
    assert.match(never.seen.join('\n'), /^! Script terminated \(line 1, position \d+\)$/);
  },

  async 'it is told what each waits for, and where'() {
    const run = await load(readFileSync(wasm));
    assert.equal(run.dump(), 'no coroutine has a name');
    const asks = await start('input("who")', undefined, run);
    const sleeps = await start('fn deep(n) { if n == 0 { sleep(1000) } else { deep(n - 1) } } deep(3)', undefined, run);
    const typed = await start(undefined, undefined, run);
    checkDump(run.dump(), ['script 0', 'script 1', 'typed 2']);
    sleeps.stop();
    assert.equal(await sleeps.ended, false);
    checkDump(run.dump(), ['script 0', 'typed 2']);
    asks.stop();
    typed.stop();
  },

  async 'what was stopped is over: it does not wake who waits next'() {
    const lines = ['let x = 1', 'sleep(0.5)', 'x + 1', null];
    const { ended, stop, seen } = await start(undefined, async () => {
      // The third line comes when the sleep would have been over.
      if (lines.length === 2) await pause(1000);
      return lines.shift();
    });
    do await pause(1); while (lines.length > 2);
    stop();
    assert.equal(await ended, true);
    assert.deepEqual(seen, ['? > ', '? > ', '! Script terminated (line 1, position 1)', '? > ', '=> 2', '? > ']);
  },

  async 'in a page, several at once'() {
    const files = ['host-calls.mjs', 'page.mjs', 'scripts/guess.rhai', 'scripts/count.rhai'].map((name) => [`/${name}`, here(name)]);
    const { address, close } = await serve({ ...Object.fromEntries(files), '/': here('page.html'), '/repl.wasm': wasm });
    try {
      await withPage(address, async (page) => {
        await page.evaluate('window.$ = (number, name) => document.querySelectorAll("section")[number].querySelector("." + name)');
        const text = (number) => page.evaluate(`$(${number}, "output").textContent`);
        await page.until('!document.getElementById("add").disabled');
        await page.evaluate('$(1, "script").value = "print(1); loop {}", $(1, "run").click()');
        await page.evaluate('$(0, "run").click()');
        for (const [asked, typed] of [['Guess 1: ', '50\n'], ['Guess 2: ', 'x\n'], ['Guess 2: ', '42\n']]) {
          await page.until(`$(0, "prompt").textContent === "${asked}" && document.activeElement === $(0, "line")`);
          await page.type(typed);
        }
        await page.until('!$(0, "run").disabled');
        assert.equal(await text(0), `I have a number in mind, from 1 to 100.
Guess 1: 50
Less.
Guess 2: x
"x" is no number.
Guess 2: 42
Yes, after 2 guesses.
`);
        assert.equal(await text(1), '1\n');
        await page.evaluate('$(0, "run").click()');
        await page.until('$(0, "prompt").textContent === "Guess 1: "');
        await page.evaluate('document.getElementById("dump").click()');
        // In the page, and by what is typed in the console.
        for (const dump of ['document.getElementById("dumped").textContent', 'dump()']) {
          checkDump(await page.evaluate(dump), ['script 0', 'script 2']);
        }
        await page.evaluate('$(0, "stop").click()');
        await page.until('!$(0, "run").disabled');
        await page.evaluate('$(1, "stop").click()');
        await page.until('!$(1, "run").disabled');
        assert.match(await text(1), /^1\nScript terminated \(line 1, position \d+\)\n$/);
        await page.evaluate('document.getElementById("dumped").scrollIntoView()');
        if (process.env.BYSYNCIFY_SCREENSHOT) await page.screenshot(process.env.BYSYNCIFY_SCREENSHOT);
        await page.evaluate('document.getElementById("add").click(), $(2, "type").click()');
        await page.until('$(2, "prompt").textContent === "> " && document.activeElement === $(2, "line")');
        await page.type('6 * 7\n');
        await page.until('$(2, "output").textContent === "> 6 * 7\\n=> 42\\n"');
      });
    } finally {
      close();
    }
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
rmSync(folder, { recursive: true });
console.log(`test.mjs: ${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
