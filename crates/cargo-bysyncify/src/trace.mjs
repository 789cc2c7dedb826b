// Runs before all else in Node: has the trace of an error that went through WebAssembly say where in the
// program its places are. Before this comes `command`: a program, and its arguments.

import { execFileSync } from "node:child_process";

const [program, ...words] = command;
const known = new Map();

Error.prepareStackTrace = (error, frames) => {
  const trace = [error, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  if (!trace.includes("wasm-function[")) return trace;
  if (!known.has(trace)) {
    try {
      const options = { input: trace, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] };
      known.set(trace, execFileSync(program, words, options));
    } catch {
      known.set(trace, trace);
    }
  }
  return known.get(trace);
};
