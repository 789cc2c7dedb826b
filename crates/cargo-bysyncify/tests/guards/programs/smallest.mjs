// Runs a function on stacks of several sizes, each in an instance of its own:
//
//     node smallest.mjs <module> <function> <size that is enough>
//
// Prints its result on that size, and the smallest size on which it has the same result.

import { readFileSync } from "node:fs";

const [file, name, enough] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));

/** The result; or why there is none. */
function run(size) {
  const { exports } = new WebAssembly.Instance(module, {});
  try {
    return exports[name](size);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    return error.message;
  }
}

const result = run(Number(enough));
// All sizes are multiples of 16, and 512 is the smallest that a coroutine accepts.
let [low, high] = [512 / 16 - 1, Number(enough) / 16];
while (high - low > 1) {
  const middle = (low + high) >> 1;
  if (run(16 * middle) === result) high = middle;
  else low = middle;
}
console.log(result, 16 * high);
