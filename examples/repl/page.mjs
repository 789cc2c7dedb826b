// The page: a terminal made of a `<pre>` and an `<input>`.

import { run } from './host-calls.mjs';

const element = (id) => document.getElementById(id);
const line = element('line');

/** Adds a line to the output. */
function show(text, kind) {
  const added = document.createElement('span');
  added.textContent = `${text}\n`;
  if (kind) added.className = kind;
  element('output').append(added);
}

// Who waits for a line. The last one counts: the others were stopped.
let answer;

const terminal = {
  print: (text) => show(text),
  fail: (text) => show(text, 'wrong'),
  readLine: (prompt) => new Promise((resolve) => {
    answer = resolve;
    element('prompt').textContent = prompt;
    line.disabled = false;
    line.focus();
  }),
};

document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = line.value;
  show(element('prompt').textContent + text);
  line.value = '';
  line.disabled = true;
  answer(text);
});

const wasm = await (await fetch('repl.wasm')).arrayBuffer();
element('script').value = await (await fetch('scripts/guess.rhai')).text();

/** Runs a script, or what is typed, until it ends or is stopped. */
async function start(script) {
  element('output').textContent = '';
  setRunning(true);
  const { ended, stop } = await run(wasm, terminal, script);
  element('stop').onclick = stop;
  element('stop').disabled = false;
  await ended;
  setRunning(false);
}

function setRunning(isRunning) {
  element('run').disabled = isRunning;
  element('type').disabled = isRunning;
  if (!isRunning) {
    element('stop').disabled = true;
    line.disabled = true;
    element('prompt').textContent = '';
  }
}

element('run').onclick = () => start(element('script').value);
element('type').onclick = () => start(undefined);
setRunning(false);
