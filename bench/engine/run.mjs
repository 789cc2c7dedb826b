// Runs one program of programs.mjs in several builds, by turns, and prints what each took.
//
//   node run.mjs PACKAGES PROGRAM FILE...
//
// One line of JSON: for each file the median of its CPU time in milliseconds; and the same suspended, where
// the program can be. All builds must give the same answer.
import { readFileSync } from "node:fs";
import * as programs from "./programs.mjs";

const ROUNDS = 15;
const WARM = 4;

const [packages, name, ...files] = process.argv.slice(2);

async function measured(start) {
  const runs = [];
  for (const file of files) {
    const run = await start(packages, readFileSync(file));
    if (run !== null) runs.push({ file, run, times: [] });
  }
  const answers = new Set();
  for (let round = 0; round < WARM + ROUNDS; round++) {
    for (const { run, times } of shuffled(runs)) {
      const before = process.cpuUsage();
      answers.add(JSON.stringify(await run()));
      const { user, system } = process.cpuUsage(before);
      if (round >= WARM) times.push((user + system) / 1000);
    }
  }
  if (answers.size !== 1) throw new Error(`they answer ${[...answers].join(" and ")}`);
  return files.map((file) => {
    const times = runs.find((it) => it.file === file)?.times.sort((a, b) => a - b);
    return times === undefined ? null : times[times.length >> 1];
  });
}

function shuffled(list) {
  const keyed = list.map((it) => [Math.random(), it]);
  return keyed.sort((a, b) => a[0] - b[0]).map(([, it]) => it);
}

const { start, startSuspended } = programs[name];
const cpu = await measured(start);
const suspended = startSuspended === undefined ? files.map(() => null) : await measured(startSuspended);
console.log(JSON.stringify({ cpu, suspended }));
process.exit(0);
