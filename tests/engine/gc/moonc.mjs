// MoonBit's compiler, out of the package of its playground: a script for a browser's worker, and beside it
// the standard library's source. Of that a program needs one package, `builtin`, which is compiled once.
//
//   node moonc.mjs PACKAGES library FOLDER           compiles `builtin` into FOLDER
//   node moonc.mjs PACKAGES FOLDER PROGRAM MODULE    compiles a program to a module with GC
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";

const [packages, ...rest] = process.argv.slice(2);
const playground = `${packages}/node_modules/@moonbit/moonpad-monaco/dist`;

// The worker's last statement lets its page call this object.
const worker = readFileSync(`${playground}/moonc-worker.js`, "utf8");
const answers = /var (\w+)=(\w+\(\w+\(\)\));\w+\(\1\);/;
if (!answers.test(worker)) throw new Error("the compiler is another one");
globalThis.require = createRequire(import.meta.url);
globalThis.self = globalThis;
vm.runInThisContext(worker.replace(answers, (all, name, compiler) => `globalThis.moonc=${compiler};`));
const { buildPackage, linkCore } = globalThis.moonc;

const LIBRARY = ["abort", "builtin"];
const CORE = "moonbitlang/core";

// Compiles a package, which may use those before it.
const compile = (name, files, uses, isMain) => {
  const { core, mi, diagnostics } = buildPackage({
    mbtFiles: files,
    miFiles: uses.map(({ short, mi }) => [`/${short}.mi:${short}`, mi]),
    indirectImportMiFiles: [],
    stdMiFiles: uses.map(({ short, mi }) => [`/lib/core/${short}:${short}`, mi]),
    target: "wasm-gc",
    pkg: name,
    pkgSources: [`${name}:/${name}`],
    isMain,
    errorFormat: "human",
    enableValueTracing: false,
    noOpt: false,
  });
  if (!core || (isMain && diagnostics.length)) throw new Error(diagnostics.join("\n"));
  return { short: name.split("/").at(-1), core, mi };
};

if (rest[0] === "library") {
  const folder = rest[1];
  // The source is in the page's script: `x = d("…base64…")`, and `files["/lib/core/…"] = x`.
  const page = readFileSync(`${playground}/moonpad-monaco.js`, "utf8");
  const contents = new Map();
  for (const [, name, text] of page.matchAll(/([\w$]+) = d\("([\w+/=]*)"\)/g)) contents.set(name, text);
  const files = new Map();
  for (const [, path, name] of page.matchAll(/\["\/lib\/core\/([^"]+)"\] = ([\w$]+);/g))
    files.set(path, Buffer.from(contents.get(name), "base64").toString());
  const described = JSON.parse(files.get("_build/packages.json")).packages;
  const done = [];
  for (const short of LIBRARY) {
    const sources = Object.entries(described.find(({ rel }) => rel === short).files);
    const ours = sources.filter(([, file]) => file.backend.includes("WasmGC"));
    const released = ours.filter(([, file]) => file.optlevel.includes("Release"));
    const texts = released.map(([path]) => [path, files.get(path.split("/lib/core/")[1])]);
    const made = compile(`${CORE}/${short}`, texts, done, false);
    done.push(made);
    for (const part of ["core", "mi"]) writeFileSync(`${folder}/${short}.${part}`, made[part]);
  }
} else {
  const [folder, program, module] = rest;
  const part = (short, kind) => new Uint8Array(readFileSync(`${folder}/${short}.${kind}`));
  const library = LIBRARY.map((short) => ({ short, core: part(short, "core"), mi: part(short, "mi") }));
  const source = ["program.mbt", readFileSync(program, "utf8")];
  const made = compile("program", [source], library, true);
  const { result } = linkCore({
    coreFiles: [...library, made].map(({ core }) => core),
    main: "program",
    pkgSources: [`${CORE}:/lib/core`, "program:/program"],
    target: "wasm-gc",
    exportedFunctions: ["frames"],
    outputFormat: "wasm",
    testMode: false,
    debug: false,
    noOpt: false,
    sourceMap: false,
    sources: {},
    stopOnMain: false,
  });
  writeFileSync(module, result);
}
