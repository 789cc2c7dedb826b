// `node host.mjs cookbook-boa.wasm [script.js]`: runs a script, with a server that it can fetch from.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { run } from '../host/host.mjs';
import { serve } from '../host/serve.mjs';

const PRICES = { bread: 320, butter: 280, tea: 450 };

/** Serves the prices. */
export const servePrices = () => serve(({ url }, response) => {
  const price = PRICES[/^\/(\w+)\.json$/.exec(url)?.[1]];
  response.writeHead(price === undefined ? 404 : 200).end(JSON.stringify({ price }));
});

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, script = new URL('script.js', import.meta.url)] = process.argv.slice(2);
  process.exitCode = 1;
  const server = await servePrices();
  if (await run(wasm, [await readFile(script, 'utf8'), server.url])) process.exitCode = 0;
  server.close();
}
