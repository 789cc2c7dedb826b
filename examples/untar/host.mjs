// The program's frame in Node: `node host.mjs untar.wasm [option…] [archive…]`.
// Reads the command line, gives the module its imports, prints what it reports.

import { readFile } from 'node:fs/promises';
import { largestCrates } from './crates.mjs';
import { hostInterface } from './host-interface.mjs';
import { Progress } from './progress.mjs';

const USAGE = `usage: cargo bysyncify run untar -- [option…] [archive.tar.gz…]

Reads .tar.gz files, several at once, and prints what is in them.
Without an archive: the largest crates that Cargo has downloaded.

  --high-water   print how much stack each coroutine has used
  --trace        print every request to the host on stderr
  --help         print this`;

const [wasm, ...args] = process.argv.slice(2);
const options = new Set(args.filter((arg) => arg.startsWith('--')));
let archives = args.filter((arg) => !arg.startsWith('--'));

function fail(message) {
  console.error(`untar: ${message}`);
  process.exit(2);
}

if (wasm === undefined) fail('pass the module first: node host.mjs untar.wasm [archive.tar.gz…]');
if (options.has('--help')) {
  console.log(USAGE);
  process.exit(0);
}
for (const option of options) {
  if (!['--high-water', '--trace'].includes(option)) fail(`unknown option ${option}\n\n${USAGE}`);
}
if (archives.length === 0) {
  const found = await largestCrates(4);
  archives = found.paths;
  if (archives.length === 0) {
    fail(`no crate was found in ${found.folder}; pass an archive: ` +
      'cargo bysyncify run untar -- archive.tar.gz');
  }
  console.error(`untar: no archive was given, so these are the largest crates in ${found.folder}:`);
  for (const path of archives) console.error(`untar:   ${path}`);
}

const progress = new Progress(archives);
const names = archives.map((path) => Buffer.from(path));
const trace = options.has('--trace') ? (line) => progress.print(process.stderr, line) : () => {};
const host = hostInterface(trace);

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', () => process.exit(1));
// Until the module says that it has finished: Node ends when there is nothing left to wait for.
process.exitCode = 1;

const imports = {
  ...host.imports,
  argument_len: (index) => names[index]?.length ?? -1,
  argument: (index, to) => host.bytes(to, names[index].length).set(names[index]),
  progress: (index, done, total, entries) => progress.update(index, { done, total, entries }),
  report: (index, ok, address, length) => {
    progress.finish(index);
    const text = host.text(address, length);
    if (ok) progress.print(process.stdout, text);
    else progress.print(process.stderr, `untar: ${text}`);
  },
  panicked: (address, length) => progress.print(process.stderr, host.text(address, length)),
  finish: (failed) => {
    process.exitCode = failed === 0 ? 0 : 1;
  },
};

const { instance } = await readFile(wasm)
  .then((module) => WebAssembly.instantiate(module, { host: imports }))
  .catch((error) => {
    const asyncify = error.message.includes('asyncify') ? ': build it with cargo bysyncify build' : '';
    fail(`cannot start ${wasm}: ${error.message}${asyncify}`);
  });
host.connect(instance);
instance.exports.start(options.has('--high-water') ? 1 : 0);
