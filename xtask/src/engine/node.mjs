// The runner for Node: runs the tests of one module and writes one line of JSON for each. The format of its input and
// output is described in runner.rs.

import { readFileSync, writeSync } from "node:fs";

const request = JSON.parse(readFileSync(0, "utf8"));

// Synchronous, so that a line is written even if the next test ends the whole process.
const report = (value) => writeSync(1, JSON.stringify(value) + "\n");

// Thrown by host functions: the guest asked for something that no test may ask for.
class Misuse extends Error {}

// The `host` module for one instance, and the messages that it got.
function createHost() {
  const seen = { panicked: null, expected: null, may_return: false, trace: [] };
  let memory;
  const text = (pointer, length, from) => {
    const [start, count] = [pointer >>> 0, length >>> 0];
    if (!memory || start + count > memory.buffer.byteLength) {
      throw new Misuse(`${from}(${start}, ${count}) points outside the memory`);
    }
    return new TextDecoder().decode(new Uint8Array(memory.buffer, start, count));
  };
  const functions = {
    log: (pointer, length) => {
      seen.trace.push(text(pointer, length, "log"));
    },
    panicked: (pointer, length) => {
      seen.panicked = text(pointer, length, "panicked");
    },
    expect_trap: (pointer, length) => {
      seen.expected = text(pointer, length, "expect_trap");
      seen.may_return = false;
      seen.panicked = null;
    },
    allow_trap: (pointer, length) => {
      seen.expected = text(pointer, length, "allow_trap");
      seen.may_return = true;
      seen.panicked = null;
    },
    random_seed: () => BigInt.asIntN(64, BigInt(request.seed)),
    is_checked: () => Number(request.is_checked),
    is_stack_checked: () => Number(request.is_stack_checked),
  };
  const attach = (instance) => {
    memory = instance.exports.memory;
  };
  return { seen, functions, attach };
}

function describe(error) {
  if (error instanceof Misuse) return { end: "broken", text: error.message };
  // V8 reports a call stack that is too deep as a RangeError, and every other trap as this.
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    const isOfGuest = (line, index) => index === 0 || line.includes("wasm://");
    return { end: "trapped", text: error.stack.split("\n").filter(isOfGuest).join("\n") };
  }
  return { end: "broken", text: String(error) };
}

function runTest(module, test) {
  const host = createHost();
  const started = performance.now();
  let outcome = { end: "returned", text: null };
  try {
    const instance = new WebAssembly.Instance(module, { host: host.functions });
    host.attach(instance);
    const initialise = instance.exports._initialize ?? instance.exports.__wasm_call_ctors;
    initialise?.();
    instance.exports[`test ${test}`]();
  } catch (error) {
    outcome = describe(error);
  }
  return { test, ...outcome, ...host.seen, milliseconds: performance.now() - started };
}

let module;
try {
  module = new WebAssembly.Module(readFileSync(request.module));
} catch (error) {
  report({ error: `Node cannot compile the module: ${error.message}` });
}
if (module) {
  for (const test of request.tests) report(runTest(module, test));
}
