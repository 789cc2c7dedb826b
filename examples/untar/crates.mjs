// Archives that are there on any machine that has built this: a downloaded `.crate` is a
// .tar.gz file.

import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The `count` largest crates that Cargo has downloaded, the largest first. */
export async function largestCrates(count) {
  const home = process.env.CARGO_HOME || join(homedir(), '.cargo');
  const folder = join(home, 'registry', 'cache');
  const registries = await readdir(folder).catch(() => []);
  const crates = await Promise.all(registries.map((name) => cratesIn(join(folder, name))));
  // By name among those of one size, so that every run takes the same.
  const byName = (a, b) => (a.path < b.path ? -1 : 1);
  const sorted = crates.flat().sort((a, b) => b.size - a.size || byName(a, b));
  return { folder, paths: sorted.slice(0, count).map((crate) => crate.path) };
}

async function cratesIn(folder) {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => name.endsWith('.crate')).map((name) => join(folder, name));
  return Promise.all(paths.map(async (path) => ({ path, size: (await stat(path)).size })));
}
