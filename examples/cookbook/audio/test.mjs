// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-audio.wasm node test.mjs`. The music in several formats is
// the package `audio-lena` of npm's.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { serveRanges } from '../host/files.mjs';
import { program, test, wasm } from '../host/testing.mjs';
import { tone } from './host.mjs';

const music = dirname(createRequire(import.meta.url).resolve('audio-lena'));

/** What is shown of a file, and what was fetched for it. */
async function show(path) {
  const server = await serveRanges(path);
  const { status, stdout, stderr } = await program([server.url]);
  await server.close();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const { requests, bytes } = server.seen;
  const lines = stdout.split('\n');
  assert.equal(lines.at(-2), `in all: ${requests} requests, ${bytes} of ${(await stat(path)).size} bytes`);
  return { shown: lines.slice(0, -2), seen: server.seen };
}

await test({
  async 'of ten minutes what is needed for each bar is fetched'() {
    const path = await tone(wasm);
    const { shown, seen } = await show(path);
    assert.deepEqual(shown, [
      'A Tuning Fork - Five Swells',
      'Wav, 44100 Hz, 10:00.0',
      'tags: 2 requests, 32546 of 52920098 bytes',
      ' ▁▃▅▇██▇▅▃▁ '.repeat(5),
    ]);
    assert.deepEqual(seen, { requests: 92, bytes: 2064162 });
  },

  async 'music in several formats'() {
    for (const [kind, name, tags, bars] of [
      ['wav', 'Wav', '1 requests, 16384 of 1082576',
        ' ▅▃▄▂▁▃▃▂▄▄▄▂▁▄▄▁ ▄▃▂▄▄▂ ▄▅▂▃▅▃  ▄▄▃▁▂▄▃▂▃▂▂▄▃ ▄▃▂▄▃▃▂▁▂▃▂▂ '],
      ['flac', 'Flac', '1 requests, 16384 of 484385',
        ' ▅▃▄▃▁▃▃▃▃▄▂▃▁▄▄▁ ▄▄▂▃▅▄▁▄▅▂▂▄▃  ▅▁▃▁▁▂▃▂▃▄▁▄▃▁▄▃▁▄▃▃▂▁▂▃▂▁ '],
      ['mp3', 'Mpeg', '2 requests, 17254 of 197478',
        ' ▅▂▄▂▁▃▃▂▅▄▂▂▁▃▄  ▄▂▁▃▄▂ ▄▄▁▁▄▂  ▃▁▂▁▁▄▃▁▃▂▁▄▃ ▄▂▂▄▂▃▁▁▂▃▂▂ '],
      ['ogg', 'Vorbis', '2 requests, 45581 of 111117',
        ' ▅▃▄▂▁▃▃▂▄▄▃▂▁▄▄▁ ▄▃▂▄▄▂ ▄▅▂▃▅▃  ▄▃▂▁▁▄▃▂▃▃▂▄▃ ▄▃▂▄▃▃▁▁▂▃▂▂ '],
    ]) {
      const { shown } = await show(join(music, `lena.${kind}`));
      assert.deepEqual(shown, [
        'Lena Stolze - Oh lad le  - Das schreckliche Mädchen', `${name}, 44100 Hz, 0:12.3`, `tags: ${tags} bytes`, bars,
      ]);
    }
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program([], { script, env: { COOKBOOK_STATS: '1' } });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^A Tuning Fork - Five Swells\nWav, 44100 Hz, 10:00.0\n/);
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 128 * 1024 && waits > 60, stderr);
  },

  async 'what is no music'() {
    const server = await serveRanges(fileURLToPath(import.meta.url));
    const { status, stdout, stderr } = await program([server.url]);
    await server.close();
    assert.deepEqual({ status, stdout, stderr }, { status: 1, stdout: '', stderr: 'failed to parse file\n' });
  },
});
