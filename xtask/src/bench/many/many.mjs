// Makes many coroutines, polls all until they end, and drops them, for mod.rs.
//
// Reads `{ module, counts }` from standard input. Writes a list: for each count a list of `{ step, ns, bytes }`, with the
// nanoseconds for each coroutine, and the bytes of memory for each after the step.

import { readFileSync, writeSync } from "node:fs";

/** The coroutines of the warm-up, after which V8 has compiled the hot code. */
const WARM_UP = 20_000;

const { module: path, counts } = JSON.parse(readFileSync(0, "utf8"));
const module = new WebAssembly.Module(readFileSync(path));

function measure(count) {
  const { exports } = new WebAssembly.Instance(module);
  const before = exports.memory.buffer.byteLength;
  const measured = (step, run, expected) => {
    const started = process.hrtime.bigint();
    const result = run();
    const ns = Number(process.hrtime.bigint() - started) / count;
    if (result !== expected) throw new Error(`${step}: ${result} in place of ${expected}`);
    return { step, ns, bytes: (exports.memory.buffer.byteLength - before) / count };
  };
  const poll = exports["bench poll"];
  return [
    measured("made", () => exports["bench make"](count)),
    measured("polled first", poll, 0),
    measured("polled once more", poll, 0),
    measured("polled to their end", poll, count),
    measured("dropped", exports["bench drop"]),
  ];
}

measure(WARM_UP);
writeSync(1, JSON.stringify(counts.map(measure)));
