// wa-sqlite in its own glue: `MODULE` in place of the asyncified one that it comes with, `theirs` for
// that one, or `plain` for the one that is never suspended. The file system
// answers later. Prints what SQL answers, and then how often it was suspended.
//
//   node wa-sqlite.mjs PACKAGES MODULE|theirs|plain
import { readFileSync } from "node:fs";

const [packages, which] = process.argv.slice(2);
const at = (path) => `${packages}/node_modules/wa-sqlite/${path}`;
const suspends = which !== "plain";
const load = async (path) => import(at(path));
const { default: create } = await load(`dist/wa-sqlite${suspends ? "-async" : ""}.mjs`);
const { MemoryAsyncVFS } = await load("src/examples/MemoryAsyncVFS.js");
const { MemoryVFS } = await load("src/examples/MemoryVFS.js");
const SQLite = await load("src/sqlite-api.js");
const file = {
  plain: at("dist/wa-sqlite.wasm"),
  theirs: at("dist/wa-sqlite-async.wasm"),
}[which] ?? which;

// What the glue calls Asyncify's exports, which are the only ones that the plain module lacks.
const SHORT = {
  asyncify_start_unwind: "Kb",
  asyncify_stop_unwind: "Lb",
  asyncify_start_rewind: "Mb",
  asyncify_stop_rewind: "Nb",
};

let suspended = 0;
const module = await create({
  instantiateWasm(imports, done) {
    const wasm = new WebAssembly.Module(readFileSync(file));
    const exports = { ...new WebAssembly.Instance(wasm, imports).exports };
    for (const [long, short] of Object.entries(SHORT)) exports[short] ??= exports[long];
    const start = exports.Kb;
    exports.Kb = (data) => {
      suspended++;
      start(data);
    };
    return done({ exports });
  },
});

const sqlite = SQLite.Factory(module);
const files = suspends ? new MemoryAsyncVFS() : new MemoryVFS();
sqlite.vfs_register(files, false);
const database = await sqlite.open_v2("test", undefined, files.name);
const twice = (context, values) => sqlite.result(context, 2 * sqlite.value_int(values[0]));
sqlite.create_function(database, "twice", 1, SQLite.SQLITE_UTF8, 0, twice);

const STATEMENTS = [
  "PRAGMA cache_size = 3",
  "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)",
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
     INSERT INTO t SELECT i, printf('%d-%s', i * i, hex(zeroblob(40))) FROM n`,
  "CREATE INDEX i ON t (b)",
  "CREATE TRIGGER changed AFTER UPDATE ON t BEGIN SELECT twice(new.a); END",
  "UPDATE t SET b = b || twice(a) WHERE a % 7 = 0",
  "SELECT count(*), sum(length(b)), max(b) FROM t",
  "SELECT a, twice(a), substr(b, 1, 6) FROM t ORDER BY twice(-a) % 17, b DESC LIMIT 12",
  "SELECT a % 3, sum(twice(length(b))) FROM t GROUP BY a % 3 HAVING max(twice(a)) > 10",
  "SELECT nonsense(a) FROM t",
  "SELECT count(*) FROM t x JOIN t y ON x.b = y.b WHERE x.a < 30 AND twice(y.a) > 20",
  "PRAGMA integrity_check",
];
for (const statement of STATEMENTS) {
  try {
    await sqlite.exec(database, statement, (row) => console.log(JSON.stringify(row)));
  } catch (error) {
    console.log(error.message);
  }
}
await sqlite.close(database);
console.log(`suspended: ${suspended}`);
