# The worker that runs the suite, for `workerd test`.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "suite", worker = .suite)],
);

const suite :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "suite.mjs", esModule = embed "suite.mjs"),
    (name = "everywhere_wasm_bindgen.js", esModule = embed "everywhere_wasm_bindgen.js"),
    (name = "everywhere_wasm_bindgen_bg.wasm", wasm = embed "everywhere_wasm_bindgen_bg.wasm"),
  ],
  compatibilityDate = "2026-11-01",
);
