// Runs the suite in a worker as Cloudflare runs them: `workerd test worker.capnp`, in a folder with
// what `wasm-bindgen --target web` made. A worker gets its module compiled, and may not compile one.

import * as wasm from "./everywhere_wasm_bindgen.js";
import module from "./everywhere_wasm_bindgen_bg.wasm";
import { run } from "./suite.mjs";

export default {
  async test() {
    wasm.initSync({ module });
    const report = await run(wasm);
    console.log(report);
    if (!report.includes("test result: ok.")) throw new Error("a test has failed");
  },
};
