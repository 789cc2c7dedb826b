// Runs modules of C programs: what each prints, with nothing around it.
import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const text = [];
const { memory, main } = new WebAssembly.Instance(module, {
  env: {
    put_text(at) {
      const bytes = new Uint8Array(memory.buffer, at);
      text.push(new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0))));
    },
    put_integer: (value) => void text.push(String(value)),
    put_real: (value) => void text.push(value.toFixed(3)),
  },
}).exports;
main();
process.stdout.write(text.join(""));
