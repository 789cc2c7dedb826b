// Runs the suite on what `wasm-bindgen --target nodejs` made: `node node.mjs <script>`.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { run } from "./suite.mjs";

console.log(await run(createRequire(import.meta.url)(resolve(process.argv[2]))));
