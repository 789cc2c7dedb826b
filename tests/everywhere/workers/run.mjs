// Runs coroutines on three workers that share a memory with this thread, which runs some as well.
// Each sets up its stack and its thread-local variables as wasm-bindgen does.
import { readFileSync } from "node:fs";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const COROUTINES = 20_000;
const STACK = 1 << 20;

const instantiate = (module, memory) =>
  new WebAssembly.Instance(module, { env: { memory } }).exports;

if (isMainThread) {
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 4096, shared: true });
  const exports = instantiate(module, memory);
  const start = () => new Promise((resolve, reject) => {
    const stack = exports.allocate(STACK) + STACK;
    const tls = exports.allocate(exports.__tls_size.value);
    const worker = new Worker(new URL(import.meta.url), { workerData: { module, memory, stack, tls } });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const workers = [start(), start(), start()];
  const wrong = [exports.work(COROUTINES), ...await Promise.all(workers)];
  const finished = exports.finished();
  if (wrong.some((count) => count !== 0) || finished !== 4 * COROUTINES) {
    throw new Error(`wrong: ${wrong}; ${finished} of ${4 * COROUTINES}`);
  }
  console.log(`${finished} coroutines on ${wrong.length} threads`);
} else {
  const { module, memory, stack, tls } = workerData;
  const exports = instantiate(module, memory);
  exports.__stack_pointer.value = stack;
  exports.__wasm_init_tls(tls);
  parentPort.postMessage(exports.work(COROUTINES));
}
