// Runs the suite on what wasm-pack made for Node: `node node.mjs <script>`.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { run } from "./suite.mjs";

console.log(await run(createRequire(import.meta.url)(resolve(process.argv[2]))));
