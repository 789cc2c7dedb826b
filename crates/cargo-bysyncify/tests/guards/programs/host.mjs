// Runs the functions that a module exports, each in an instance of its own: node host.mjs <module>

import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));

/** Calls the guest, whose failure is the host's to deal with. */
function attempt(call) {
  try {
    call();
  } catch (error) {
    // A function that is named as the message that nobody gets.
    const [told] = error.stack.match(/cannot_wait_in_[a-z_]+/) ?? [];
    console.log(`the host caught: ${error.message}${told ? ` in ${told}` : ""}`);
  }
}

function instantiate() {
  const host = {
    say(pointer, length) {
      console.log(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, pointer, length)));
    },
    call_back(data, times) {
      for (let time = 0; time < times; time++) attempt(() => exports.called_back(data));
    },
    fail() {
      throw new Error("an exception");
    },
  };
  const { exports } = new WebAssembly.Instance(module, { host });
  return exports;
}

for (const { name, kind } of WebAssembly.Module.exports(module)) {
  if (kind !== "function" || name === "called_back" || name.startsWith("asyncify_")) continue;
  console.log(`# ${name}`);
  attempt(instantiate()[name]);
}
