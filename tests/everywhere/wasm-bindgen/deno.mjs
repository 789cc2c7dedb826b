// Runs the suite on what `wasm-bindgen --target deno` made: `deno run --allow-read deno.mjs <script>`.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "./suite.mjs";

console.log(await run(await import(pathToFileURL(resolve(Deno.args[0])))));
