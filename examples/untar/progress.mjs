// Progress on stderr: on a terminal a line for each archive, redrawn in place; elsewhere a line
// for all of them now and then.

import { basename } from 'node:path';

/** The shortest time between two drawings, in milliseconds. */
const ON_TERMINAL = 100;
const ELSEWHERE = 1000;
/** Before the first one: what is over at once needs none. */
const AT_FIRST = 100;

export class Progress {
  #out = process.stderr;
  #archives;
  #nextDrawn = null;
  /** How many lines of the terminal are ours. */
  #lines = 0;

  constructor(paths) {
    this.#archives = paths.map((path) => ({ name: basename(path), done: 0, total: 0, entries: 0 }));
  }

  /** Notes how far an archive has been read: bytes done, of all, and entries. */
  update(index, state) {
    Object.assign(this.#archives[index], { started: true, ...state });
    const now = performance.now();
    this.#nextDrawn ??= now + AT_FIRST;
    if (now < this.#nextDrawn) return;
    this.#nextDrawn = now + (this.#out.isTTY ? ON_TERMINAL : ELSEWHERE);
    if (this.#out.isTTY) this.#draw();
    else this.#out.write(`untar: ${this.#summary()}\n`);
  }

  /** Notes that there is no more to show of an archive. */
  finish(index) {
    this.#archives[index].finished = true;
  }

  /** Prints a line of something else, above ours. */
  print(stream, text) {
    this.#erase();
    stream.write(`${text}\n`);
  }

  #active() {
    return this.#archives.filter((archive) => archive.started && !archive.finished);
  }

  #draw() {
    // Some terminals say that they have none.
    const columns = this.#out.columns || 80;
    const rows = this.#out.rows || 24;
    const lines = this.#active().slice(0, rows - 2).map((archive) => {
      const { name, entries } = archive;
      return `${position(archive)}  ${entries} entries  ${name}`.slice(0, columns - 1);
    });
    this.#erase();
    this.#out.write(lines.map((line) => `${line}\n`).join(''));
    this.#lines = lines.length;
  }

  /** Moves up over our lines and clears from there on. */
  #erase() {
    if (this.#lines > 0) this.#out.write(`\x1b[${this.#lines}A\x1b[J`);
    this.#lines = 0;
  }

  #summary() {
    const finished = this.#archives.filter((archive) => archive.finished).length;
    const active = this.#active().map((archive) => `${archive.name} ${position(archive).trim()}`);
    return `${finished} of ${this.#archives.length} reported; ${active.join(', ')}`;
  }
}

/** How far an archive is: in percent, or in kilobytes where nobody knows its size. */
function position({ done, total }) {
  const text = total > 0 ? `${Math.floor((100 * done) / total)}%` : `${Math.floor(done / 1000)} kB`;
  return text.padStart(4);
}
