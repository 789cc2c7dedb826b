// The entry of a bundle: the module is imported like any other.

import * as wasm from "package";
import { report } from "./page.mjs";

await report(async () => wasm);
