// One job as a card: how far it is, how fast, which files were found, and a button that cancels.

import { eachFrame } from './frames.js';
import { button, megabytes } from './private-files.js';

/** More rows than this would make the page slow. All files are counted. */
const ROWS = 500;
/** How often figures change, in milliseconds: faster than that nobody reads. */
const PAUSE = 150;

/**
 * Shows a job until it has ended. `name` is its heading, `size` the archive's if that is known, and
 * `save(number, path)`, if there is one, what the files' buttons do. Resolves to whether the job
 * came to its end. `again` is for a button that is there after the end.
 */
export async function show(jobs, job, { name, size, save, again }) {
  const card = document.querySelector('#job').content.cloneNode(true).firstElementChild;
  const $ = (selector) => card.querySelector(selector);
  $('h2').textContent = name;
  $('.cancel').setAttribute('aria-label', `Cancel ${name}`);
  $('.again').setAttribute('aria-label', `Read ${name} again`);
  $('.cancel').addEventListener('click', () => job.cancel(), { once: true });
  jobs.prepend(card);

  const began = performance.now();
  let files = 0;
  let shown = -Infinity;
  const update = (now, isLast = false) => {
    const found = job.takeFiles();
    addRows($('table'), found, files, save);
    files += found.length;
    if (files > ROWS) {
      $('.more').hidden = false;
      $('.more').textContent = `and ${files - ROWS} more`;
    }
    const { read, unpacked } = job;
    if (size) $('progress').value = Math.min(1, read / size);
    if (isLast || now - shown > PAUSE) {
      shown = now;
      const seconds = Math.max(0.001, (performance.now() - began) / 1000);
      const of = size ? ` of ${megabytes(size)}` : '';
      const rate = (bytes) => `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
      $('.figures').textContent = `${megabytes(read)}${of} read, ${rate(read)} · `
        + `${megabytes(unpacked)} unpacked, ${rate(unpacked)} · ${files} ${files === 1 ? 'file' : 'files'}`;
      $('.current').textContent = job.current;
    }
  };
  const stopUpdates = eachFrame(update);

  let isWhole = false;
  try {
    isWhole = await job.ended;
    update(0, true);
    card.classList.add(isWhole ? 'done' : 'cancelled');
    const verdict = isWhole ? 'Done' : 'Cancelled';
    $('.figures').textContent = `${verdict}: ${$('.figures').textContent}`;
  } catch (error) {
    update(0, true);
    card.classList.add('failed');
    $('.figures').textContent = `${error.message ?? error} (after ${megabytes(job.read)})`;
  }
  stopUpdates();
  job.free();
  $('progress').value = isWhole ? 1 : $('progress').value;
  $('.current').textContent = '';
  if (again) {
    $('.again').hidden = false;
    $('.again').addEventListener('click', () => (card.remove(), again()));
  }
  const close = button('Close', name, () => card.remove());
  const hadFocus = document.activeElement === $('.cancel');
  $('.cancel').replaceWith(close);
  if (hadFocus) close.focus();
  return isWhole;
}

function addRows(table, files, before, save) {
  if (files.length === 0) return;
  table.hidden = false;
  const rows = files.slice(0, Math.max(0, ROWS - before)).map(([number, path, bytes, sha256]) => {
    const row = document.createElement('tr');
    row.insertCell().textContent = path;
    Object.assign(row.insertCell(), { className: 'number', textContent: bytes.toLocaleString('en') });
    const hash = document.createElement('code');
    hash.textContent = `${sha256.slice(0, 12)}…`;
    hash.title = sha256;
    row.insertCell().append(hash);
    row.insertCell().append(button('Save', path, () => save(number, path)));
    return row;
  });
  table.tBodies[0].append(...rows);
}
