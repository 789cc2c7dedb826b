// The page: shows notes, and adds to them. What it does with the database is in Rust.

import init, { open } from './pkg/cookbook_opfs.js';

const [form, text, search, state, found] =
  ['form', '#text', '#search', '#state', '#found'].map((name) => document.querySelector(name));

/** Gives this page the database for itself, until it is closed. */
function alone() {
  return new Promise((resolve) => {
    navigator.locks.request('notes.sqlite', () => new Promise(() => resolve()));
  });
}

async function show() {
  const texts = await globalThis.notes.find(search.value);
  found.replaceChildren(...texts.map((note) => Object.assign(document.createElement('li'), { textContent: note })));
  state.textContent = `${await globalThis.notes.count()} notes`;
}

/** Shows what goes wrong. */
const told = (work) => work().catch((error) => (state.textContent = error.message));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  told(async () => {
    await globalThis.notes.add([text.value]);
    text.value = '';
    await show();
  });
});
search.addEventListener('input', () => told(show));

await told(async () => {
  await alone();
  await init();
  // To be tried in the browser's console, too: `await notes.find('word')`.
  globalThis.notes = await open(await navigator.storage.getDirectory());
  await show();
});
