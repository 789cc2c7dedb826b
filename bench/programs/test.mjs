// The test of each program, run in its folder: `BYSYNCIFY_WASM=….wasm node ../test.mjs`.
//
// The same code must do the same outside a coroutine and inside one, where it is suspended for
// each chunk of its input; and that must be what JavaScript makes of that input.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { start } from './host.mjs';

const { input, expected, read } = await import(pathToFileURL('input.mjs'));
const program = start(readFileSync(process.env.BYSYNCIFY_WASM), input);

const checksum = program.plain();
assert.equal(program.suspends(), 0);
assert.deepEqual(read(program.result()), expected());

assert.equal(program.inside(), checksum);
assert.deepEqual(read(program.result()), expected());
assert.ok(program.suspends() > 100, `${program.suspends()} suspends`);
