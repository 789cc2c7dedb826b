// Runs the program as a component: `node component.mjs <the component, transpiled> <argument>…`.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [file, ...args] = process.argv.slice(2);
const component = resolve(file);
const load = (path) => import(pathToFileURL(path));
const shim = (name) => load(createRequire(component).resolve(`@bytecodealliance/preview2-shim/${name}`));

(await shim("cli"))._setArgs(["program", ...args]);
(await shim("filesystem"))._setPreopens({ ".": process.cwd() });
const { run } = await load(component);
run.run();
