// Tests of the whole program: `BYSYNCIFY_WASM=…/cookbook-parquet.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serveRanges } from '../host/files.mjs';
import { serve } from '../host/serve.mjs';
import { program, test, wasm } from '../host/testing.mjs';
import { table } from './host.mjs';

const path = await table(wasm);
const { size } = await stat(path);

/** Asks the file, over a server of this process. */
async function ask(day) {
  const server = await serveRanges(path);
  const printed = await program([server.url, `${day}`]);
  await server.close();
  return { printed, seen: server.seen };
}

/** What the rows add up to, which are as `make` in main.rs has them. */
function expected(day) {
  let [orders, cents] = [0, 0n];
  for (let row = 0n; row < 1_000_000n; row += 1n) {
    if (row / 2740n !== BigInt(day)) continue;
    const random = BigInt.asIntN(32, BigInt.asUintN(64, row * 0x9e3779b97f4a7c15n) >> 33n);
    orders += 1;
    cents += 100n + random % 99_900n;
  }
  return `day ${day}: ${orders} orders, ${(Number(cents) / 100).toFixed(2)}\n`;
}

await test({
  async 'of two columns one group of rows is fetched, and little else'() {
    const { printed, seen } = await ask(205);
    assert.deepEqual(printed, {
      status: 0,
      stdout: `${expected(205)}1 of 20 groups of rows, ${seen.requests} requests, ${seen.bytes} of ${size} bytes\n`,
      stderr: '',
    });
    assert.deepEqual(seen, { requests: 4, bytes: 337686 });
  },

  async 'a day in two groups, and one in none'() {
    const { printed } = await ask(18);
    assert.match(printed.stdout, new RegExp(`^${expected(18)}2 of 20 groups of rows, `));
    assert.deepEqual(await ask(400), {
      printed: {
        status: 0, stdout: `${expected(400)}0 of 20 groups of rows, 1 requests, 10006 of ${size} bytes\n`, stderr: '',
      },
      seen: { requests: 1, bytes: 10006 },
    });
  },

  async 'as a user runs it'() {
    const script = fileURLToPath(new URL('host.mjs', import.meta.url));
    const { status, stdout, stderr } = await program(['100'], { script, env: { COOKBOOK_STATS: '1' } });
    assert.equal(status, 0, stderr);
    assert.ok(stdout.startsWith(expected(100)), stdout);
    const [, stack, waits] = /^stack (\d+) bytes, waited (\d+) times\n$/.exec(stderr);
    assert.ok(stack < 64 * 1024 && waits > 3, stderr);
  },

  async 'what is no Parquet file, and a server that fails'() {
    const text = 'It is a text and no table.';
    for (const [status, length, stderr] of [
      [206, text.length, 'Parquet error: Invalid Parquet file. Corrupt footer\n'],
      [503, 1000, 'External: URL: 503 Service Unavailable\n'],
    ]) {
      const server = await serve(({ method }, response) => {
        if (method === 'HEAD') response.writeHead(200, { 'content-length': length }).end();
        else response.writeHead(status).end(text);
      });
      const printed = await program([server.url, '1']);
      server.close();
      printed.stderr = printed.stderr.replaceAll(server.url, 'URL');
      assert.deepEqual(printed, { status: 1, stdout: '', stderr });
    }
  },
});
