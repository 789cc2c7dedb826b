// quickjs-emscripten in the glue of its asyncified variant: `MODULE` in place of the module that comes
// with that, `theirs` for that one, or `plain` for the variant that is never suspended. Functions that
// a script calls answer later, and so do modules that it imports. Prints what the script says, and
// then how often it was suspended.
//
//   node quickjs.mjs PACKAGES MODULE|theirs|plain
import { readFileSync } from "node:fs";

const [packages, which] = process.argv.slice(2);
const at = (name, path) => `${packages}/node_modules/${name}/${path}`;
const suspends = which !== "plain";
const folder = (variant) => `@jitl/quickjs-wasmfile-release-${variant}`;
const { newVariant, newQuickJSWASMModuleFromVariant, newQuickJSAsyncWASMModuleFromVariant } =
  await import(at("quickjs-emscripten-core", "dist/index.mjs"));
const { default: variant } = await import(
  at(folder(suspends ? "asyncify" : "sync"), "dist/index.mjs")
);

// Both variants' names are minified, and not alike. What an export is called in full the two glues say.
const glue = (kind) => readFileSync(at(folder(kind), "dist/emscripten-module.mjs"), "utf8");
const full = (kind) => [...glue(kind).matchAll(/\bd\.(_\w+)=\w+\.([\w$]+)/g)];
const short = new Map(full("sync").map(([, name, short]) => [name, short]));
const renamed = new Map(full("asyncify").map(([, name, to]) => [to, short.get(name)]));
// The rest: constructors, timers and the stack; and Asyncify's own.
for (const [to, from] of ["v u", "Ma La", "Na Ma", "Oa Na", "Pa Oa"].map((it) => it.split(" ")))
  renamed.set(to, from);
const ASYNCIFY = { tb: "start_unwind", ub: "stop_unwind", vb: "start_rewind", wb: "stop_rewind" };
for (const [to, from] of Object.entries(ASYNCIFY)) renamed.set(to, `asyncify_${from}`);
// Imports of the plain module's that are called otherwise in the other glue.
const IMPORTS = { c: "s", d: "c", e: "d", f: "e", g: "f", h: "g", i: "h", s: "i" };

let suspended = 0;
const emscriptenModule = {
  instantiateWasm(imports, done) {
    const isTheirs = which === "theirs" || !suspends;
    const file = isTheirs
      ? at(folder(suspends ? "asyncify" : "sync"), "dist/emscripten-module.wasm")
      : which;
    const wasm = new WebAssembly.Module(readFileSync(file));
    const given = { ...imports.a };
    if (!isTheirs) for (const [to, from] of Object.entries(IMPORTS)) given[to] = imports.a[from];
    const own = new WebAssembly.Instance(wasm, { a: given }).exports;
    const exports = { ...own };
    if (!isTheirs) for (const [to, from] of renamed) exports[to] = own[from];
    const start = exports.tb;
    if (suspends)
      exports.tb = (data) => {
        suspended++;
        start(data);
      };
    done({ exports });
  },
};

const custom = newVariant(variant, { emscriptenModule });
const quickjs = suspends
  ? await newQuickJSAsyncWASMModuleFromVariant(custom)
  : await newQuickJSWASMModuleFromVariant(custom);
const runtime = quickjs.newRuntime();
const source = (name) => `export const name = ${JSON.stringify(name)}; export default ask(3);`;
const later = () => new Promise(setImmediate);
runtime.setModuleLoader(suspends ? async (name) => (await later(), source(name)) : source);
const context = runtime.newContext();
const define = (name, body) => {
  const answer = (...handles) => context.newNumber(body(...handles.map((it) => context.dump(it))));
  const made = suspends
    ? context.newAsyncifiedFunction(name, async (...handles) => (await later(), answer(...handles)))
    : context.newFunction(name, answer);
  made.consume((it) => context.setProp(context.global, name, it));
};
define("ask", (value) => value * 10);
define("fail", (value) => {
  throw new Error(`no ${value}`);
});
context
  .newFunction("print", (...values) => console.log(...values.map((it) => context.dump(it))))
  .consume((it) => context.setProp(context.global, "print", it));

const SCRIPTS = [
  `print([3, 1, 2, 10].sort((a, b) => ask(a) - ask(b)).join())`,
  `function* numbers(n) { for (let i = 0; i < n; i++) yield ask(i); }
   print([...numbers(5)].join(), Array.from({ length: 3 }, (_, i) => ask(i)).join())`,
  `const trap = new Proxy({}, { get: (_, key) => ask(key.length) });
   print(trap.abc + trap.de, "a1b22".replace(/\\d+/g, (it) => ask(Number(it))))`,
  `class Base { constructor() { this.x = ask(4); } get y() { return ask(this.x); } }
   class More extends Base { constructor() { super(); this.z = ask(this.y); } }
   print(JSON.stringify(new More()), \`\${{ toString: () => String(ask(6)) }}\`)`,
  `function fib(n) { return n < 2 ? ask(n) / 10 : fib(n - 1) + fib(n - 2); } print(fib(9))`,
  `try { fail(7); } catch (e) { print(e.message); } finally { print(ask(1)); }`,
  `print(eval("ask(ask(1))"), JSON.parse("[1,2]", (k, v) => typeof v == "number" ? ask(v) : v).join())`,
];
const evaluate = async (script, options) => {
  const result = suspends
    ? await context.evalCodeAsync(script, "script.js", options)
    : context.evalCode(script, "script.js", options);
  context.unwrapResult(result).dispose();
};
for (const script of SCRIPTS) await evaluate(`{ ${script} }`);
await evaluate(`import ten, { name } from "other"; print(name, ten);`, { type: "module" });
// Nothing is disposed of: the asyncified variant then wants to free a host's reference of a runtime
// that is gone, with its own module as well.
console.log(`suspended: ${suspended}`);
