// `node host.mjs cookbook-tungstenite.wasm [word…]`: runs the program as a server, and once more as its visitor.

import { run } from '../host/host.mjs';

const [wasm, ...words] = process.argv.slice(2);
process.exitCode = 1;
let visit;
const served = run(wasm, ['--serve'], {
  print: (url) => (visit = run(wasm, [url, ...(words.length === 0 ? ['stressed', 'drawer'] : words)])),
});
if ((await served) && (await visit)) process.exitCode = 0;
