// Runs a WebAssembly module that needs nothing but WASI, or nothing at all.
// Arguments: `run` or `test`, the module, and the program's own arguments.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const [mode, file, ...args] = process.argv.slice(1);
const name = basename(file);

// What a shell reports for a program that aborts; wasmtime does the same for a trap.
const TRAPPED = 134;

// The frames of a panic alone are ten, which is how many Node shows.
Error.stackTraceLimit = 100;

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** Calls the program; a trap becomes a message with the wasm stack, and an exit status. */
function call(program) {
  try {
    return program() ?? 0;
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    const frames = error.stack.split("\n").filter((line) => line.includes("wasm-function"));
    console.error(`error: ${name} trapped: ${error.message}\n${frames.join("\n")}`);
    if (mode === "test") {
      console.error("note: a test that fails traps here; the frames above name it, if it was built with names");
    }
    return TRAPPED;
  }
}

async function runWasi(module) {
  // Node warns that its WASI is experimental, at each run.
  process.removeAllListeners("warning");
  const { WASI } = await import("node:wasi");
  const wasi = new WASI({
    version: "preview1",
    args: [name, ...args],
    env: process.env,
    preopens: { ".": "." },
    returnOnExit: true,
  });
  // Node 20 crashes if WebAssembly calls its own functions without one of JavaScript's in between,
  // and memory has grown beyond 64 MiB.
  const calls = Object.entries(wasi.wasiImport).map(([name, call]) => [name, (...words) => call(...words)]);
  const imports = { wasi_snapshot_preview1: Object.fromEntries(calls) };
  const instance = await WebAssembly.instantiate(module, imports);
  if ("_start" in instance.exports) return call(() => wasi.start(instance));
  fail(`${name} is a WASI library: it exports no \`_start\` to run`);
}

async function runBare(module) {
  const { exports } = await WebAssembly.instantiate(module, {});
  const entry = exports._start ?? exports.main;
  if (typeof entry !== "function") {
    fail(
      `${name} exports no function \`main\` or \`_start\` that could be called\n` +
        "To say how it is run, put a script into the package and name it in Cargo.toml:\n" +
        '    [package.metadata.bysyncify]\n    host = "host.mjs"',
    );
  }
  // Rust's `main` takes argc and argv; with no operating system it looks at neither.
  const status = call(() => entry(0, 0));
  if (mode === "test" && status === 0) {
    const ignored = args.length > 0 ? ` (all of them: arguments such as \`${args[0]}\` cannot reach it)` : "";
    console.log(`${name}: the tests ran to their end and none failed${ignored}`);
  }
  return status;
}

const module = await WebAssembly.compile(await readFile(file));
const imports = WebAssembly.Module.imports(module);
const foreign = imports.filter((entry) => entry.module !== "wasi_snapshot_preview1");
if (foreign.length > 0) {
  const names = foreign.map((entry) => `    ${entry.module}.${entry.name}`);
  fail(
    `${name} needs imports that only a host of its own can give:\n${names.join("\n")}\n` +
      "Put a script that gives them into the package and name it in Cargo.toml:\n" +
      '    [package.metadata.bysyncify]\n    host = "host.mjs"\n' +
      "It gets the path of the module, then the program's arguments.",
  );
}
process.exitCode = imports.length > 0 ? await runWasi(module) : await runBare(module);
