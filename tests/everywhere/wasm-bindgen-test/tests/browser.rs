//! In a browser without a window.

mod cases;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
