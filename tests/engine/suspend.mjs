// A host that suspends a module in its imports, by what Asyncify has a module export. Of scripts that use
// it the first argument is the module, and the second one whether it is to be `suspended`, or runs `plain`.
//
//   call an export ─► … ─► an import: start_unwind ─► everybody returns ─► stop_unwind
//                          the import: stop_rewind ◄─ … ◄─ call the export again ◄─ start_rewind
import { readFileSync } from "node:fs";

const [file, how] = process.argv.slice(2);
const suspends = how === "suspended";
const REWINDING = 2;

let exports, frames, result;
let naps = 0;
let suspended = 0;

// Makes a function of the host's one whose result a module waits for.
export const nap = (body) => (...operands) => {
  if (suspends && exports.asyncify_get_state() === REWINDING) {
    exports.asyncify_stop_rewind();
    return result;
  }
  naps++;
  result = body(...operands);
  if (suspends) exports.asyncify_start_unwind(frames);
  // While it is unwound nobody looks at it.
  return result;
};

// The exports of a new instance. Its frames are saved to where its `frames` says, which has told there
// from where to where.
export const instantiate = (imports) => {
  exports = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), imports).exports;
  if (suspends) frames = exports.frames();
  return exports;
};

// Calls an export, and again as often as it is suspended.
export const call = (name, ...operands) => {
  for (;;) {
    const returned = exports[name](...operands);
    if (!suspends || exports.asyncify_get_state() === 0) return returned;
    if (++suspended > naps) throw new Error("it is unwound, and no import has asked for that");
    exports.asyncify_stop_unwind();
    exports.asyncify_start_rewind(frames);
  }
};

// The last line says how often it has waited.
export const finish = () => {
  console.log(`naps: ${naps}`);
  if (suspends && suspended !== naps) throw new Error(`it was suspended ${suspended} times`);
};
