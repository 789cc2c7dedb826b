// Measures all builds of one program in one process, for `cargo xtask bench programs`, which starts
// several.
//
// Reads `{ folder, builds: [{ module, run }] }` from standard input, where `run` is `plain` or
// `inside`. Writes `{ node, suspends, samples }`: how often a run inside a coroutine is suspended,
// and for each build the milliseconds of CPU time of one run, in each round.

import assert from 'node:assert/strict';
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from './host.mjs';

const ROUNDS = 9;
// V8 compiles what is hot once more, in the background: this is several times what that takes.
const WARM_UP_MS = 4000;
const WARM_UP_ROUNDS = 8;

const request = JSON.parse(readFileSync(0, 'utf8'));
const { input, expected, read } = await import(pathToFileURL(join(request.folder, 'input.mjs')));
const builds = request.builds.map(({ module, run }) => ({
  module,
  run,
  program: start(readFileSync(module), input),
  samples: [],
}));

let checksum = null;
let suspends = null;

/** Runs a build once, checks what it did, and returns the milliseconds of CPU time. */
function sample({ module, run, program }) {
  const before = process.cpuUsage();
  const found = program[run]();
  const { user, system } = process.cpuUsage(before);
  if (checksum === null) {
    // The others are compared with this one.
    assert.deepEqual(read(program.result()), expected(), `${module}: a wrong result`);
    checksum = found;
  }
  assert.equal(found, checksum, `${module}: another result than the first build's`);
  if (run === 'plain') {
    assert.equal(program.suspends(), 0);
  } else {
    suspends ??= program.suspends();
    assert.equal(program.suspends(), suspends, `${module}: another number of suspends`);
    assert.ok(suspends > 100, `${suspends} suspends are too few to mean anything`);
  }
  return (user + system) / 1000;
}

/** In another order each time: whoever comes next finds other caches. */
function shuffled(list) {
  const items = [...list];
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

const warm = performance.now() + WARM_UP_MS * builds.length;
for (let round = 0; round < WARM_UP_ROUNDS || performance.now() < warm; round += 1) {
  for (const build of shuffled(builds)) sample(build);
}
for (let round = 0; round < ROUNDS; round += 1) {
  for (const build of shuffled(builds)) build.samples.push(sample(build));
}

const samples = builds.map((build) => build.samples);
const text = JSON.stringify({ node: process.versions.node, suspends, samples });
for (let rest = Buffer.from(text); rest.length > 0;) rest = rest.subarray(writeSync(1, rest));
