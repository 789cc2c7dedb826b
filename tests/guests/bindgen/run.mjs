// Runs every test that the module exports, each in an instance of its own, and says how many ran.
//
//     node run.mjs <what wasm-bindgen made: the .js file, for --target nodejs>
//
// `cargo xtask test` names it in BYSYNCIFY_JS.
//
// Exits with 1 if a test failed, or if anything failed behind its back.

import { createRequire } from "node:module";
import { resolve } from "node:path";

const SECONDS = 20;
const glue = resolve(process.argv[2] ?? process.env.BYSYNCIFY_JS ?? "guest_bindgen.js");
const require = createRequire(import.meta.url);

/** The module, instantiated anew. */
function instantiate() {
  delete require.cache[glue];
  return require(glue);
}

/** Tests that need something of JavaScript itself. The others take no arguments. */
const withArguments = {
  async pass_through(test) {
    const values = [{ an: "object" }, "a string", 42, null];
    const passed = await Promise.all(values.map((value) => test(value, 5)));
    passed.forEach((value, index) => {
      if (value !== values[index]) throw new Error(`${value} came back for ${values[index]}`);
    });
  },
};

/** Fails the test that is running. A panic in what it has spawned arrives nowhere else. */
let interrupt = () => {};
let failures = 0;

process.on("uncaughtException", (error) => interrupt(error));

function report(name, error) {
  if (error) failures += 1;
  console.log(error ? `FAILED  ${name}: ${error.stack ?? error}` : `ok      ${name}`);
}

async function run(name) {
  const test = instantiate()[name];
  const call = withArguments[name] ?? ((test) => test());
  let timer;
  const interrupted = new Promise((_, reject) => {
    interrupt = reject;
    timer = setTimeout(() => reject(new Error(`did not finish in ${SECONDS} s`)), SECONDS * 1000);
  });
  try {
    await Promise.race([call(test), interrupted]);
    report(name);
  } catch (error) {
    report(name, error);
  } finally {
    clearTimeout(timer);
    interrupt = (error) => report(`${name}, after its end`, error);
  }
}

// `start` is for wasm-bindgen, which has called it by now.
const isTest = (name) => name !== "start" && !name.startsWith("__");
const names = Object.keys(instantiate()).filter(isTest);
for (const name of names) await run(name);
if (names.length === 0) report(glue, new Error("exports no tests"));
console.log(`${names.length} tests with wasm-bindgen on Node ${process.version}, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
