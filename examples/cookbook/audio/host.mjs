// `node host.mjs cookbook-audio.wasm [file]`: serves an audio file, and has the program show what it is. Without one
// it makes one, unless that is there.

import { pathToFileURL } from 'node:url';
import { made, serveRanges } from '../host/files.mjs';
import { run } from '../host/host.mjs';

/** Ten minutes. Another content needs another name. */
export const tone = (wasm) => made(wasm, 'tone-1.wav');

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [wasm, file] = process.argv.slice(2);
  process.exitCode = 1;
  const server = await serveRanges(file ?? await tone(wasm));
  if (await run(wasm, [server.url])) process.exitCode = 0;
  await server.close();
}
