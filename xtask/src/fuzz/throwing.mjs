// Runs the programs of one module: `node throwing.mjs FOLDER SEED PROGRAM…`, with the files that `throwing.rs` has
// written. Prints what was counted, and the first difference, as JSON.
import { readFileSync } from "node:fs";

const [folder, seed, ...programs] = process.argv.slice(2);
// As in `steps.rs`.
const RUNS = 48;
const PERCENTS = [3, 50, 70, 85];
// As in `saved.rs`, and `wasm/memory.rs` for the header.
const HEADER = 32;
const LINK = 0xffffffff;
const LINK_SIZE = 12;
const NUMBER = 4;

const counts = { steps: 0, runs: 0, thrown: 0, traps: 0, segments: 0, mismatch: null };

// 32-bit numbers that are always the same for these: a mix of xorshift and multiplication.
function random(...parts) {
  let state = 0x9e3779b9;
  const mix = () => {
    state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  };
  for (const part of parts) for (const char of `${part},`) (state += char.charCodeAt(0)), mix();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

// At which suspend points a program suspends: with this probability, and in place or not.
function schedule(next, percent, inPlace) {
  return { suspends: () => next() % 100 < percent, inPlace };
}

const never = { suspends: () => false, inPlace: true };

class Session {
  constructor(module) {
    const host = {
      trace: (value) => this.trace.push(value),
      suspends: () => {
        const suspends = this.schedule.suspends();
        counts.steps += suspends;
        return +suspends;
      },
      finishes: () => +this.schedule.inPlace,
      suspended: (core) => {
        // The program would catch it.
        try {
          this.saved.push(this.measured(core));
        } catch (error) {
          this.error ??= error;
        }
      },
      throws: () => this.thrown++,
    };
    // Only a module that is not instrumented imports these, and it never calls them.
    const none = () => {
      throw new Error("it is not instrumented");
    };
    const asyncify = { start_unwind: none, stop_unwind: none, start_rewind: none, stop_rewind: none };
    this.exports = new WebAssembly.Instance(module, { host, asyncify }).exports;
    const size = this.exports.asyncify_frame_size;
    if (!size) return;
    this.sizes = [];
    try {
      // It traps for a number without a function.
      for (;;) this.sizes.push(size(this.sizes.length));
    } catch {}
  }

  // Runs a program. `isUsable` says whether another one can be run after it.
  run(number, ways, schedule) {
    this.schedule = schedule;
    this.trace = [];
    this.saved = [];
    this.thrown = 0;
    counts.runs++;
    let end = null;
    try {
      this.exports[`run ${number}`](ways);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      end = error.message;
    }
    if (this.error) throw this.error;
    counts.thrown += this.thrown;
    counts.traps += end !== null;
    // Programs end themselves with this trap, and only while nothing is suspended.
    return { trace: this.trace, end, saved: this.saved, isUsable: end === null || end === "unreachable" };
  }

  // What is saved of a suspended coroutine; throws if that is more than it may be.
  measured(core) {
    const memory = new DataView(this.exports.memory.buffer);
    const word = (at) => memory.getUint32(at, true);
    const ensure = (is, what) => {
      if (!is) throw new Error(what);
    };
    const begin = core + HEADER;
    const [start, end] = [word(core), word(core + 4)];
    ensure(begin <= start && start <= end, `frames end at ${start}, not in ${begin} to ${end}`);
    const saved = { bytes: start - begin, live: 0, frames: 0, segments: 0 };
    if (!this.sizes) return saved;
    let [top, base] = [start, word(end - 4)];
    let cursor = base;
    for (;;) {
      ensure(begin <= base && base <= cursor && cursor < top, `a segment from ${base} to ${top} goes on at ${cursor}`);
      const [taken, left] = [cursor - base, top - cursor];
      ensure(taken <= left, `${taken} bytes of a segment are free, and ${left} live`);
      saved.segments++;
      while (cursor < top && word(cursor) !== LINK) {
        const size = this.sizes[word(cursor)];
        ensure(size, "a frame of nobody's");
        saved.live += size;
        saved.frames++;
        cursor += size;
      }
      if (cursor === top) break;
      ensure(cursor + LINK_SIZE === top, "a segment goes on behind its link");
      [top, base, cursor] = [base, word(cursor + 8), word(cursor + 4)];
    }
    ensure(base === begin, `the oldest segment begins at ${base}, and not at ${begin}`);
    const links = (saved.segments - 1) * LINK_SIZE;
    ensure(saved.bytes <= 2 * (saved.live + links), `${saved.bytes} bytes are in use, and ${saved.live} of frames live`);
    counts.segments = Math.max(counts.segments, saved.segments);
    return saved;
  }
}

// The first difference, if any.
function difference(ours, expected) {
  const at = ours.trace.findIndex((value, at) => value !== expected.trace[at]);
  const same = at < 0 ? ours.trace.length : at;
  if (at < 0 && ours.trace.length === expected.trace.length && ours.end === expected.end) return;
  const shown = ({ trace, end }) =>
    same < trace.length ? `0x${(trace[same] >>> 0).toString(16)}` : end ? `the trap \`${end}\`` : "its end";
  return `after ${same} values that are the same comes ${shown(ours)} with ours, and ${shown(expected)} is right`;
}

// Compares what is suspended in place with what is not instrumented.
function compare(name, ours, plain) {
  let [session, expecting] = [new Session(ours), new Session(plain)];
  for (let run = 0; run < RUNS / 3; run++) {
    for (const program of programs) {
      const next = random(seed, name, run, program);
      const ways = next() | 0;
      const percent = PERCENTS[next() % PERCENTS.length];
      const found = session.run(program, ways, schedule(next, percent, true));
      const expected = expecting.run(program, ways, never);
      const what = difference(found, expected);
      if (what) throw new Error(`program ${program}, run ${run}, ${name}: ${what}`);
      if (!found.isUsable) [session, expecting] = [new Session(ours), new Session(plain)];
    }
  }
}

// Compares coroutines that take turns, are resumed in each other, and are abandoned.
function mixed(oneByOne, atOnce) {
  let [session, expecting] = [new Session(oneByOne), new Session(atOnce)];
  for (let run = 0; run < RUNS / 2; run++) {
    for (const program of programs) {
      const ways = random(seed, "ways", run, program)() | 0;
      const percent = PERCENTS[random(seed, "percent", run, program)() % PERCENTS.length];
      const steps = () => schedule(random(seed, "mixed", run, program), percent, false);
      const found = session.run(program, ways, steps());
      const before = counts.steps;
      const expected = expecting.run(program, ways, steps());
      counts.steps = before;
      let what = difference(found, expected);
      found.saved.forEach(({ live, frames }, at) => {
        const { bytes } = expected.saved[at] ?? { bytes: 0 };
        if (live > bytes + frames * NUMBER)
          what ??= `${frames} frames of ${live} bytes live, and all at once are ${bytes} bytes`;
      });
      if (what) throw new Error(`program ${program}, mixed run ${run}: ${what}`);
      if (!found.isUsable) [session, expecting] = [new Session(oneByOne), new Session(atOnce)];
    }
  }
}

const read = (name) => new WebAssembly.Module(readFileSync(`${folder}/${name}.wasm`));
const [plain, atOnce, oneByOne, inlined] = ["plain", "at_once", "one_by_one", "inlined"].map(read);
try {
  compare("all at once", atOnce, plain);
  compare("one by one", oneByOne, plain);
  compare("inlined", inlined, plain);
  mixed(oneByOne, atOnce);
} catch (error) {
  counts.mismatch = String(error.message ?? error);
}
console.log(JSON.stringify(counts));
