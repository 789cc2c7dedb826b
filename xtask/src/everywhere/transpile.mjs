// Makes a script from a component, `component.js`, which JavaScript can import. From a module it makes a component
// first; the module itself says which kind.
//
//     node transpile.mjs <jco's folder> <component or module> <output> [<import>=<script>]…
//
// The component imports the scripts. The functions of WASI are in the output's `node_modules`.

import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [jco, file, output, ...imports] = process.argv.slice(2);

const find = createRequire(join(jco, "package.json")).resolve;
const load = (name) => import(pathToFileURL(find(name)));
const { componentNew } = await load("@bytecodealliance/jco-transpile/wasm-tools");
const { transpileBytes } = await load("@bytecodealliance/jco-transpile");

const bytes = await readFile(file);
// After `\0asm` a version, and for a component the layer 1.
const component = bytes[6] === 1 ? bytes : await componentNew(bytes);
const map = Object.fromEntries(imports.map((pair) => pair.split("=")));
const { files } = await transpileBytes(component, { name: "component", map });

await rm(output, { recursive: true, force: true });
for (const [name, content] of Object.entries(files)) {
  const path = join(output, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
await symlink(join(jco, "node_modules"), join(output, "node_modules"), "junction");
