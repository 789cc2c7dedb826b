// The programs of `cargo xtask bench engine`: modules of npm packages, each in the glue that it comes with.
// `start` makes one ready and returns what runs it once, for an answer. `startSuspended` does the same
// with a host that answers later; for a build that cannot be suspended it returns null.
import { createRequire } from "node:module";
import { tmpdir } from "node:os";

const at = (packages, path) => `${packages}/node_modules/${path}`;
/** A glue for itself: it keeps its module in variables of its own. */
let copies = 0;
const load = (packages, path) => import(`${at(packages, path)}?copy=${copies++}`);

/** wa-sqlite: a table is filled and asked. Suspended it waits for its file system. */
export const sqlite = {
  start: (packages, wasm) => startSqlite(packages, wasm, false),
  startSuspended: (packages, wasm) => startSqlite(packages, wasm, true),
};

async function startSqlite(packages, wasm, suspends) {
  // What the glue calls Asyncify's exports.
  const short = { start_unwind: "Kb", stop_unwind: "Lb", start_rewind: "Mb", stop_rewind: "Nb" };
  const compiled = new WebAssembly.Module(wasm);
  const isPausable = WebAssembly.Module.exports(compiled).some((it) => it.name in { asyncify_start_unwind: 0, Kb: 0 });
  if (suspends && !isPausable) return null;
  const glue = `wa-sqlite/dist/wa-sqlite${suspends ? "-async" : ""}.mjs`;
  const { default: create } = await load(packages, glue);
  const module = await create({
    instantiateWasm(imports, done) {
      const exports = { ...new WebAssembly.Instance(compiled, imports).exports };
      for (const [long, name] of Object.entries(short)) exports[name] ??= exports[`asyncify_${long}`];
      return done({ exports });
    },
  });
  const SQLite = await load(packages, "wa-sqlite/src/sqlite-api.js");
  const kind = suspends ? "MemoryAsyncVFS" : "MemoryVFS";
  const files = await load(packages, `wa-sqlite/src/examples/${kind}.js`);
  const api = SQLite.Factory(module);
  const vfs = new files[kind]();
  api.vfs_register(vfs, false);
  const rows = suspends ? 400 : 12000;
  return async () => {
    const database = await api.open_v2("test", undefined, vfs.name);
    const answer = [];
    const ask = (sql) => api.exec(database, sql, (row) => answer.push(row));
    await ask(suspends ? "PRAGMA cache_size = 3" : "PRAGMA cache_size = 2000");
    await ask("DROP TABLE IF EXISTS t");
    await ask("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL)");
    await ask(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
               INSERT INTO t SELECT i, printf('%d-%s', i * 7919 % 1009, hex(i)), i / 3.0 FROM n`);
    await ask("CREATE INDEX i ON t (b)");
    await ask("SELECT count(*), sum(length(b)), max(b), round(avg(c), 3) FROM t");
    await ask("SELECT a % 13, count(DISTINCT b), sum(c) FROM t GROUP BY 1 ORDER BY 3 DESC LIMIT 3");
    await ask("SELECT count(*) FROM t x JOIN t y ON x.b = y.b WHERE x.a < 500");
    await ask("SELECT b FROM t WHERE b LIKE '%7%3' ORDER BY b DESC LIMIT 5");
    await api.close(database);
    return answer;
  };
}

/** QuickJS: a script that sorts, matches and builds strings and objects. */
export const quickjs = {
  async start(packages, wasm) {
    const { newVariant, newQuickJSWASMModuleFromVariant } = await load(
      packages,
      "quickjs-emscripten-core/dist/index.mjs",
    );
    const { default: variant } = await load(packages, "@jitl/quickjs-wasmfile-release-sync/dist/index.mjs");
    const emscriptenModule = {
      instantiateWasm(imports, done) {
        return done(new WebAssembly.Instance(new WebAssembly.Module(wasm), imports));
      },
    };
    const engine = await newQuickJSWASMModuleFromVariant(newVariant(variant, { emscriptenModule }));
    const script = `
      let seed = 1;
      const next = (below) => (seed = (seed * 16807) % 2147483647) % below;
      const words = Array.from({ length: 4000 }, () => next(1e6).toString(36));
      words.sort();
      const counts = new Map();
      for (const word of words) for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + 1);
      const found = words.join(" ").replace(/([a-z])(\\d)/g, "$2$1").match(/\\b\\d\\w+\\b/g).length;
      const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
      const text = JSON.stringify(words.map((word, at) => ({ word, at, more: [at / 3, word.length] })));
      const sum = JSON.parse(text).reduce((sum, it) => sum + it.more[0], 0);
      [found, [...counts].length, fib(20), sum].join()`;
    return async () => {
      const context = engine.newContext();
      const result = context.unwrapResult(context.evalCode(script));
      const answer = context.dump(result);
      result.dispose();
      context.dispose();
      return answer;
    };
  },
};

/** web-tree-sitter: parses its own glue with the grammar of JavaScript, which is a module of its own. */
export const treeSitter = {
  async start(packages, wasm) {
    const { Parser, Language } = await load(packages, "web-tree-sitter/web-tree-sitter.js");
    await Parser.init({ wasmBinary: wasm });
    const { readFileSync } = await import("node:fs");
    const grammar = readFileSync(at(packages, "tree-sitter-javascript/tree-sitter-javascript.wasm"));
    const language = await Language.load(grammar);
    const source = readFileSync(at(packages, "web-tree-sitter/web-tree-sitter.js"), "utf8");
    return async () => {
      const parser = new Parser();
      parser.setLanguage(language);
      const tree = parser.parse(source);
      const answer = [tree.rootNode.descendantCount, tree.rootNode.toString().length];
      tree.delete();
      parser.delete();
      return answer;
    };
  },
};

/** esbuild, in Go: makes the glue of another package smaller. */
export const esbuild = {
  async start(packages, wasm) {
    const require = createRequire(import.meta.url);
    Object.assign(globalThis, { require, fs: require("node:fs"), path: require("node:path") });
    require(at(packages, "esbuild-wasm/wasm_exec.js"));
    const module = new WebAssembly.Module(wasm);
    const made = `${tmpdir()}/bysyncify-bench-${process.pid}.js`;
    const source = at(packages, "esbuild-wasm/lib/main.js");
    return async () => {
      const go = new globalThis.Go();
      go.argv = ["esbuild", source, "--minify", "--log-level=error", `--outfile=${made}`];
      go.env = { TMPDIR: tmpdir() };
      await go.run(new WebAssembly.Instance(module, go.importObject));
      const answer = globalThis.fs.readFileSync(made, "utf8").length;
      globalThis.fs.unlinkSync(made);
      return answer;
    };
  },
};
