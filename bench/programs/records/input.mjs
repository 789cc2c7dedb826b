// The archive that this program reads, and what it should report of it.

import { gzipSync } from 'node:zlib';
import { numbers } from '../random.mjs';

const FILES = 6;
const RECORDS = 6000;

const PATTERNS = [
  { name: 'address', regex: '([\\w.]+@[a-z]+\\.(?:com|org))' },
  { name: 'date', regex: '\\b(\\d{4})-(?:0[1-9]|1[0-2])-\\d{2}\\b' },
  { name: 'failure', regex: '(?i)\\b(error|failed|timeout)\\b' },
  { name: 'greek', regex: '(\\p{Greek}+)' },
];
const WORDS = ['Error', 'timeout', 'καφές', 'is', 'the', 'of', 'request', 'done', 'late', 'again', 'in',
  'a', 'quick', 'failed', 'brown', 'order', 'item', '"quoted"', 'naïve', 'two\nlines', 'x;y,z'];

/** The content of a csv file, as its records and as text. */
function csv(random) {
  const records = [];
  let text = 'id,user,amount,note\n';
  for (let i = 0; i < RECORDS; i += 1) {
    const words = Array.from({ length: 3 + random(9) }, () => WORDS[random(WORDS.length)]);
    if (random(5) === 0) words.push(`u${random(500)}@mail.${random(2) ? 'org' : 'net'}`);
    if (random(5) === 0) words.push(`20${10 + random(20)}-${10 + random(5)}-${10 + random(20)}`);
    const note = random(20) === 0 ? '' : words.join(' ');
    const record = { id: random(1e9), user: `user${random(1000)}-${'n'.repeat(random(30))}`, amount: random(1e6) / 64, note };
    records.push(record);
    text += `${record.id},${record.user},${record.amount},"${note.replaceAll('"', '""')}"\n`;
  }
  return { records, text };
}

function entry(name, content) {
  const data = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc(-data.length & 511)]);
}

const random = numbers(1);
const files = Array.from({ length: FILES }, (_, i) => ({ path: `data/${i}.csv`, ...csv(random) }));

export const input = gzipSync(Buffer.concat([
  entry('patterns.json', JSON.stringify(PATTERNS)),
  ...files.map(({ path, text }) => entry(path, text)),
  Buffer.alloc(1024),
]));

/** Worked out here without a line of the program. */
export function expected() {
  const summaries = {};
  for (const { path, records } of files) {
    const summary = { records: records.length, ids: 0, amount: 0, longest_user: '', matches: {}, caught: [] };
    for (const { id, user, amount, note } of records) {
      summary.ids = (summary.ids * 31 + id) % 1_000_003;
      summary.amount += amount;
      if (user.length > summary.longest_user.length) summary.longest_user = user;
      for (const { name, regex } of PATTERNS) {
        const caught = matcher(regex).exec(note);
        if (!caught) continue;
        summary.matches[name] = (summary.matches[name] ?? 0) + 1;
        if (summary.caught.length < 5) summary.caught.push(caught[1]);
      }
    }
    summaries[path] = summary;
  }
  return summaries;
}

/** JavaScript writes flags and scripts in its own way. */
function matcher(regex) {
  const flags = regex.startsWith('(?i)') ? 'iu' : 'u';
  return new RegExp(regex.replace('(?i)', '').replace('Greek', 'Script=Greek'), flags);
}

export const read = (result) => JSON.parse(result.toString());
