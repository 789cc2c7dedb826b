// The page: opens what is dropped, chosen or named, and shows what the module makes of it.

import init, { Job } from './pkg/browser.js';
import * as frames from './frames.js';
import * as privateFiles from './private-files.js';
import { show } from './job-card.js';

const $ = (id) => document.getElementById(id);

/** How often the figures of the frames change, in milliseconds. */
const PAUSE = 500;

const { memory } = await init();
const showPrivateFiles = () => privateFiles.show($('private'), openFile);

function tell(problem) {
  $('problem').hidden = false;
  $('problem').textContent = problem.message ?? problem;
}

/** Does what a button, a form or a drop asks for. What goes wrong is shown. */
async function act(action) {
  $('problem').hidden = true;
  try {
    await action();
  } catch (error) {
    tell(error);
  }
}

/** Opens an archive. `source` gives it, each time anew; it knows its size, or not. */
async function open(name, source) {
  const { from, size } = await source();
  $('nothing').hidden = true;
  const save = (number, path) => act(() => saveFile(source, number, path));
  const again = () => act(() => open(name, source));
  await show($('jobs'), new Job(from), { name, size, save, again });
}

function openFile(file) {
  return act(() => open(file.name, () => ({ from: file, size: file.size })));
}

function openUrl(url) {
  const name = decodeURIComponent(new URL(url, location).pathname.split('/').pop()) || url;
  return act(() => open(name, async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
    // With an encoding the length is that of something else than what arrives here.
    const length = response.headers.has('content-encoding') ? 0 : response.headers.get('content-length');
    return { from: response.body, size: Number(length) };
  }));
}

/** Copies one file of an archive into the origin private file system. */
async function saveFile(source, number, path) {
  const { from, size } = await source();
  const { name, writable } = await privateFiles.create(path);
  const isWhole = await show($('jobs'), Job.save(from, number, writable), { name: `Saving ${name}`, size });
  if (!isWhole) await privateFiles.remove(name);
  await showPrivateFiles();
}

async function addPrivateFile(file) {
  const { writable } = await privateFiles.create(file.name);
  await file.stream().pipeTo(writable);
  await showPrivateFiles();
}

$('files').addEventListener('change', ({ target }) => {
  for (const file of target.files) openFile(file);
  target.value = '';
});
$('add').addEventListener('change', ({ target }) => {
  for (const file of target.files) act(() => addPrivateFile(file));
  target.value = '';
});
$('url-form').addEventListener('submit', (event) => {
  event.preventDefault();
  openUrl($('url').value);
});

// Wherever it is dropped: otherwise the browser would leave the page for it.
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('over');
});
addEventListener('dragleave', () => document.body.classList.remove('over'));
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  for (const file of event.dataTransfer.files) openFile(file);
});

let figuresShown = 0;
frames.eachFrame((now) => {
  if (now - figuresShown < PAUSE) return;
  figuresShown = now;
  const { rate, longest, p99 } = frames.figures();
  $('rate').textContent = rate.toFixed(0);
  $('longest').textContent = `${longest.toFixed(1)} ms`;
  $('percentile').textContent = `${p99.toFixed(1)} ms`;
  $('memory').textContent = privateFiles.megabytes(memory.buffer.byteLength);
});
$('reset').addEventListener('click', frames.reset);
frames.start($('graph'));

await act(showPrivateFiles);
