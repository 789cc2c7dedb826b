// Runs the workloads of a module, for worker.rs: its path is the first argument.
//
// Reads lines with a name and a size. Writes for each the result and the nanoseconds that it took. Writes an empty line
// if this Node cannot run the module: if the host is to pause it, and Node has no JSPI.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const module = new WebAssembly.Module(readFileSync(process.argv[1]));
const isPausedByHost = WebAssembly.Module.imports(module).some((it) => it.module === "host");
const canRun = !isPausedByHost || WebAssembly.Suspending !== undefined;

// Coroutines of bench/literature/jspi.h, by their addresses: the functions that continue each, and that continue its
// resumer.
const suspended = new Map();
const resumers = new Map();
let start;

const resume = (coroutine) =>
  new Promise((resolve) => {
    resumers.set(coroutine, resolve);
    const goOn = suspended.get(coroutine);
    if (goOn) goOn();
    else start(coroutine).then(() => resumers.get(coroutine)());
  });

const suspend = (coroutine) =>
  new Promise((resolve) => {
    suspended.set(coroutine, () => {
      suspended.delete(coroutine);
      resolve();
    });
    resumers.get(coroutine)();
  });

let call;
if (isPausedByHost && canRun) {
  const host = { resume: new WebAssembly.Suspending(resume), suspend: new WebAssembly.Suspending(suspend) };
  const { exports } = new WebAssembly.Instance(module, { host });
  start = WebAssembly.promising(exports.fiber_start);
  exports._initialize();
  call = (name, size) => WebAssembly.promising(exports[name])(size);
} else if (canRun) {
  const { exports } = new WebAssembly.Instance(module);
  exports._initialize?.();
  call = (name, size) => exports[name](size);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, size] = line.split(" ");
  const started = process.hrtime.bigint();
  const result = canRun && (await call(`workload_${name}`, Number(size)));
  const nanoseconds = process.hrtime.bigint() - started;
  process.stdout.write(canRun ? `${result} ${nanoseconds}\n` : "\n");
}
