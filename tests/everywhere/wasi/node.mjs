// Runs the program under Node's own WASI: `node node.mjs <module> <argument>…`.

import { readFile } from "node:fs/promises";

// Node warns that its WASI is experimental.
process.removeAllListeners("warning");
const { WASI } = await import("node:wasi");

const [file, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: "preview1",
  args: ["program", ...args],
  env: process.env,
  preopens: { ".": "." },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(file));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
