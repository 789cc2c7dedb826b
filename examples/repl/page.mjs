// The page: for each script a terminal, made of a `<pre>` and an `<input>`. All run in one module.

import { load } from './host-calls.mjs';

const text = async (name) => (await fetch(name)).text();

const run = await load(await (await fetch('repl.wasm')).arrayBuffer());
addCell(await text('scripts/guess.rhai'));
addCell(await text('scripts/count.rhai'));
document.getElementById('add').onclick = () => addCell('');
document.getElementById('add').disabled = false;

// What all wait for: in the page, and for who types `dump()` in the console of the browser.
globalThis.dump = run.dump;
document.getElementById('dump').onclick = () => {
  const text = run.dump();
  console.log(text);
  document.getElementById('dumped').textContent = text;
};
document.getElementById('dump').disabled = false;

function addCell(content) {
  const cell = document.querySelector('template').content.cloneNode(true).firstElementChild;
  const $ = (name) => cell.querySelector(`.${name}`);
  $('script').value = content;
  // Who waits for a line. The last one counts: the others were stopped.
  let answer;

  /** Adds a line to the output. */
  const show = (line, kind) => {
    const added = document.createElement('span');
    added.textContent = `${line}\n`;
    if (kind) added.className = kind;
    $('output').append(added);
  };

  const terminal = {
    print: (line) => show(line),
    fail: (line) => show(line, 'wrong'),
    readLine: (prompt) => new Promise((resolve) => {
      answer = resolve;
      $('prompt').textContent = prompt;
      $('line').disabled = false;
      // Not while something is typed elsewhere. (What was disabled keeps the focus for a while.)
      if (!document.activeElement?.matches('input:enabled, textarea:enabled')) $('line').focus();
    }),
  };

  $('line').form.addEventListener('submit', (event) => {
    event.preventDefault();
    const line = $('line').value;
    show($('prompt').textContent + line);
    $('line').value = '';
    $('line').disabled = true;
    answer(line);
  });

  const setRunning = (isRunning) => {
    $('run').disabled = isRunning;
    $('type').disabled = isRunning;
    $('stop').disabled = !isRunning;
    if (!isRunning) {
      $('line').disabled = true;
      $('prompt').textContent = '';
    }
  };

  /** Runs a script, or what is typed, until it ends or is stopped. */
  const start = async (script) => {
    $('output').textContent = '';
    setRunning(true);
    const { ended, stop } = run(terminal, script);
    $('stop').onclick = stop;
    await ended;
    setRunning(false);
  };
  $('run').onclick = () => start($('script').value);
  $('type').onclick = () => start(undefined);
  document.getElementById('cells').append(cell);
}
