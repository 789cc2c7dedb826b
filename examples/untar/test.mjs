// Tests of the whole program: `BYSYNCIFY_WASM=…/untar.wasm node test.mjs`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { entry, expected, noise, paxName, READ, run, start, tar } from './test-support.mjs';

if (!process.env.BYSYNCIFY_WASM) {
  console.error('test.mjs: set BYSYNCIFY_WASM to the built module, or run `cargo xtask test`');
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'untar-test-'));
const at = (name) => join(folder, name);
const LONG = `${'deep/'.repeat(40)}file.txt`;

/** Writes a file and returns it as the tests want it. */
function file(name, bytes) {
  writeFileSync(at(name), bytes);
  return { path: at(name), bytes };
}

const report = ({ path, bytes }) => expected(path, bytes);

const mixed = file('mixed.tar.gz', gzipSync(tar(
  entry('dir/', '', { type: '5' }),
  entry('dir/data.csv', 'name,note\r\na,"two\nlines"\r\n\r\nb,ragged,row\nc,"say ""x"""'),
  entry('only-header.CSV', 'a,b\n'),
  entry('dir/tree.json', '{"a":[1,2,{"b":null}],"c":"\\u00e9","d":[true,-1.5e3]}'),
  entry('dir/lines.json', '{"a":1}\n[1,2]\n"x"\n'),
  entry('dir/broken.json', '{"a":1}\n{"b":\n'),
  entry('dir/empty', ''),
  entry('README.md', '# Title\n\nno end of line'),
  entry('link', '', { type: '2' }),
  entry('image.bin', noise(3000)),
  entry(LONG, 'long name\n'),
  entry('defaults', '13 comment=x\n', { type: 'g' }),
  paxName('päx/näme.csv'), entry('short', 'h\n1\n2\n'),
)));
// Numbers as text: large, and not of a pattern that would compress to nothing.
const rows = Array.from(noise(600_000, 7), (byte, i) => `${i},${byte}\n`).join('');
const big = file('big.tar.gz', gzipSync(tar(entry('big.csv', rows), entry('big.bin', noise(300_000, 9)))));
const noisy = file('noisy.tar.gz', gzipSync(tar(entry('a.bin', noise(900_000, 3)), entry('b.txt', 'b'))));
const small = gzipSync(tar(entry('one.json', '[1,2]'), entry('two.txt', 'two\n')));

const tests = {
  async 'totals are those of an independent count'() {
    const { code, stdout, stderr } = await run([mixed.path, big.path, noisy.path]);
    assert.equal(stdout, report(mixed) + report(big) + report(noisy));
    // By hand, lest the count be wrong in the same way.
    assert.match(stdout, /12 entries, 10 files.*\n.* 3 files +5 records\n.* 3 files +18 values, 1 files/);
    assert.equal(code, 0, stderr);
  },

  async 'an archive that tar made'() {
    const folderOfExample = new URL('.', import.meta.url).pathname;
    const made = spawnSync('tar', ['-czf', '-', '-C', folderOfExample, '.'], { maxBuffer: 1e8 });
    assert.equal(made.status, 0, `tar: ${made.error ?? made.stderr}`);
    const archive = file('system.tar.gz', made.stdout);
    assert.equal((await run([archive.path])).stdout, report(archive));
  },

  async 'archives with nothing in them, without an end mark, of two gzip members'() {
    const whole = tar(entry('a.json', '[1]'), entry('b.txt', 'b\n'));
    const archives = [
      file('nothing.tar.gz', gzipSync(tar())),
      file('no-end.tar.gz', gzipSync(entry('a.txt', 'a\n'))),
      file('members.tar.gz',
        Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))])),
    ];
    const { code, stdout } = await run(archives.map(({ path }) => path));
    assert.equal(stdout, archives.map(report).join(''));
    assert.equal(code, 0);
  },

  async 'more archives than are open at once are reported in their order'() {
    const archives = Array.from({ length: 30 }, (_, i) =>
      file(`many-${i}.tar.gz`, gzipSync(tar(entry('a.bin', noise(((i * 7) % 30) * 20_000, i))))));
    const { code, stdout } = await run(archives.map(({ path }) => path));
    assert.equal(stdout, archives.map(report).join(''));
    assert.equal(code, 0);
  },

  async 'a truncated archive: file, offset and entry are named, others finish'() {
    const cut = file('cut.tar.gz', big.bytes.subarray(0, 200_000));
    const { code, stdout, stderr } = await run([mixed.path, cut.path, noisy.path]);
    assert.equal(code, 1);
    assert.equal(stdout, report(mixed) + report(noisy));
    assert.match(stderr, /^untar: .*cut\.tar\.gz: .*, at byte 200000 of the compressed file, in the entry "big\.csv"$/m);
  },

  async 'an entry that claims more than there is'() {
    const archive = file('short.tar.gz', gzipSync(entry('short.txt', 'text', { size: 5000 })));
    const { code, stderr } = await run([archive.path]);
    assert.equal(code, 1);
    assert.match(stderr, /the archive ends after 512 of the entry's 5000 bytes, at byte \d+ .* in the entry "short\.txt"$/m);
  },

  async 'a corrupted archive: the offset is at the flipped byte or behind it, others finish'() {
    const flip = 150_000;
    const bytes = Buffer.from(noisy.bytes);
    bytes[flip] ^= 0x10;
    const { path } = file('flipped.tar.gz', bytes);
    const { code, stdout, stderr } = await run([path, mixed.path]);
    assert.equal(code, 1);
    assert.equal(stdout, report(mixed));
    const [, offset] = /^untar: .*flipped\.tar\.gz: .*, at byte (\d+) of the compressed file, /m.exec(stderr);
    assert.ok(offset > flip && offset <= bytes.length, stderr);
  },

  async 'cut anywhere it is an error'() {
    const archives = Array.from(small, (_, length) => file(`cut-${length}`, small.subarray(0, length)));
    const { code, stdout, stderr } = await run(archives.map(({ path }) => path));
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.equal(stderr.match(/^untar: .*cut-\d+: .*, at byte \d+ of/gm).length, small.length);
  },

  async 'with any byte flipped it is an error, or the totals are right all the same'() {
    const archives = Array.from(small, (_, index) => {
      const bytes = Buffer.from(small);
      bytes[index] ^= 0x55;
      return file(`flip-${index}`, bytes);
    });
    const { stdout, stderr } = await run(archives.map(({ path }) => path));
    let failed = 0;
    for (const { path } of archives) {
      if (stdout.includes(expected(path, small))) continue;
      assert.ok(stderr.includes(`untar: ${path}: `), path);
      failed += 1;
    }
    // Nothing protects some of gzip's ten header bytes.
    assert.ok(failed >= small.length - 8, `${failed} of ${small.length}`);
    assert.equal(stdout.split('\n').length - 1, (small.length - failed) * 7);
  },

  async 'what is no archive at all'() {
    const paths = [at('missing.tar.gz'), folder, file('text', 'just text').path, file('empty', '').path,
      file('not-tar.gz', gzipSync(noise(2000))).path, mixed.path];
    const { code, stdout, stderr } = await run(paths);
    assert.equal(code, 1);
    assert.equal(stdout, report(mixed));
    const messages = stderr.split('\n').filter((line) => paths.some((path) => line.startsWith(`untar: ${path}: `)));
    assert.equal(messages.length, 5, stderr);
    assert.match(messages[0], /missing\.tar\.gz: ENOENT: no such file or directory/);
    assert.match(messages[1], /EISDIR/);
    for (const message of messages.slice(1)) assert.match(message, /at byte \d+ of .*before the first entry$/);
  },

  async 'the reads of two archives alternate'() {
    const { stderr } = await run(['--trace', big.path, noisy.path]);
    const reads = [...stderr.matchAll(/^trace: read (.*)$/gm)].map(([, path]) => path);
    const fewest = Math.min(...[big, noisy].map(({ path }) => reads.filter((read) => read === path).length));
    const changes = reads.filter((path, i) => i > 0 && path !== reads[i - 1]).length;
    assert.ok(fewest > 10 && changes > fewest, `${changes} changes, ${fewest} reads:\n${stderr}`);
  },

  async 'while one archive waits others finish, and progress is shown'() {
    await withPipe(async (pipe, program) => {
      await pipe.write(big.bytes.subarray(0, 3 * READ));
      await program.until(/^trace: close .*noisy\.tar\.gz$/m);
      // Later than the shortest time between two lines.
      await new Promise((resolve) => setTimeout(resolve, 1200));
      await pipe.write(big.bytes.subarray(3 * READ, 4 * READ));
      await program.until(/^untar: 0 of 2 reported; .*pipe \d\d\d kB, noisy\.tar\.gz 100%$/m);
      assert.equal(program.stdout, '');
      await pipe.write(big.bytes.subarray(4 * READ));
      await pipe.close();
      const { code, stdout } = await program.exit;
      const lines = (text) => text.split('\n').slice(1, -2);
      assert.deepEqual(lines(stdout), lines(expected('pipe', big.bytes) + report(noisy)));
      assert.equal(code, 0);
      // A pipe gives what it has: the count of reads may differ, but each is one suspend.
      const [, reads, suspends] = /reads (\d+), suspended (\d+) times/.exec(stdout);
      assert.equal(+suspends, +reads + 1);
    });
  },

  async 'Ctrl-C ends it at once'() {
    await withPipe(async (pipe, program) => {
      await pipe.write(big.bytes.subarray(0, READ));
      await program.until(/^trace: got \d+ of .*pipe$/m);
      program.child.kill('SIGINT');
      assert.equal((await program.exit).signal, 'SIGINT');
      await pipe.close();
    });
  },

  async 'the deepest JSON that is parsed takes a quarter of the stack at most'() {
    const deep = '[{"a":'.repeat(63) + JSON.stringify(noise(200_000).toString('hex')) + '}]'.repeat(63);
    const archive = file('deep.tar.gz', gzipSync(tar(entry('deep.json', deep))));
    const { stdout } = await run(['--high-water', archive.path]);
    const [, stack] = /^ {2}stack (\d+) bytes used: frames \d+, shadow stack \d+\n/m.exec(stdout);
    assert.equal(stdout.replace(/^ {2}stack .*\n/m, ''), report(archive));
    assert.ok(+stack <= 64 * 1024, stdout);
  },

  async 'without an argument: the largest downloaded crates'() {
    const cache = at('cargo/registry/cache/example');
    mkdirSync(cache, { recursive: true });
    const crates = [1, 5, 3, 5, 4].map((size, i) =>
      file(`cargo/registry/cache/example/${'edcba'[i]}.crate`, gzipSync(tar(entry('x.bin', noise(size * 1000))))));
    const { code, stdout, stderr } = await run([], { CARGO_HOME: at('cargo') });
    assert.equal(stdout, [3, 1, 4, 2].map((i) => report(crates[i])).join(''));
    assert.equal(code, 0);
    assert.ok(stderr.includes(`untar:   ${crates[3].path}\n`), stderr);
  },

  async 'without an argument and without a crate it says what to do'() {
    const { code, stderr } = await run([], { CARGO_HOME: at('nowhere') });
    assert.equal(code, 2);
    assert.match(stderr, /no crate was found in .*nowhere.*; pass an archive: cargo bysyncify run untar -- /);
  },

  async 'options'() {
    assert.match((await run(['--help'])).stdout, /^usage: /);
    const { code, stderr } = await run(['--nonsense']);
    assert.equal(code, 2);
    assert.match(stderr, /^untar: unknown option --nonsense\n\nusage: /);
  },
};

/** Runs the program with a pipe as its first archive and `noisy` as its second. */
async function withPipe(body) {
  const path = at('pipe');
  rmSync(path, { force: true });
  assert.equal(spawnSync('mkfifo', [path]).status, 0, 'mkfifo');
  const program = start(['--trace', path, noisy.path]);
  try {
    // Opening waits for the program to open the other end.
    const early = program.exit.then(({ stderr }) => assert.fail(`it ended early:\n${stderr}`));
    await body(await Promise.race([open(path, 'w'), early]), program);
  } finally {
    program.child.kill();
  }
}

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
rmSync(folder, { recursive: true });
console.log(`test.mjs: ${Object.keys(tests).length - failed} passed, ${failed} failed`);
// Whatever is still open: a pipe that nobody reads, if the program did not start.
process.exit(failed === 0 ? 0 : 1);
