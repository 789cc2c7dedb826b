// `node host.mjs cookbook-minijinja.wasm`: serves the folder `site`, slowly, and has the program render its page.

import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { run } from '../host/host.mjs';
import { serve } from '../host/serve.mjs';

/** Serves the folder, but for what is in `others`. `seen` are the paths that were asked for. */
export async function serveSite(others = {}) {
  const seen = [];
  const server = await serve(async ({ url }, response) => {
    seen.push(url.slice(1));
    await setTimeout(20);
    const file = new URL(`site${url}`, import.meta.url);
    const content = others[url.slice(1)] ?? await readFile(file).catch(() => undefined);
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  return { ...server, seen };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = 1;
  const server = await serveSite();
  if (await run(process.argv[2], [server.url])) process.exitCode = 0;
  server.close();
}
