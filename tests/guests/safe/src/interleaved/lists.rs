//! Callbacks of the standard library, and iterators, readers and writers: each waits.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::ops::Add;

use super::{Slow, pause, random};

pub(super) fn sorted(seed: u64) -> (Vec<u64>, Vec<u64>) {
    let mut random = random(seed);
    let mut list: Vec<Slow> = (0..40).map(|_| Slow(random.below(20) as u64)).collect();
    let mut other = list.clone();
    list.sort();
    other.sort_unstable_by(|a, b| b.cmp(a));
    list.dedup();
    let heap: BinaryHeap<Slow> = other.into_iter().collect();
    let heap = heap.into_sorted_vec().into_iter().map(|it| it.0).collect();
    (list.into_iter().map(|it| it.0).collect(), heap)
}

pub(super) fn maps(seed: u64) -> Vec<(u64, u64, Option<u64>)> {
    let mut random = random(seed);
    let mut hashed =
        HashMap::<Slow, u64, std::hash::BuildHasherDefault<std::hash::DefaultHasher>>::default();
    let mut ordered = BTreeMap::new();
    for number in 0..60 {
        let key = random.below(25) as u64;
        *hashed.entry(Slow(key)).or_insert(0) += number;
        if random.below(3) == 0 {
            hashed.remove(&Slow(key / 2));
        }
        ordered.entry(Slow(key)).and_modify(|value| *value += number).or_insert(number);
    }
    ordered.retain(|key, _| key.0 % 3 != 0);
    let pairs = ordered.range(Slow(2)..).map(|(key, value)| (key.0, *value));
    pairs.map(|(key, value)| (key, value, hashed.get(&Slow(key)).copied())).collect()
}

pub(super) fn formatted(seed: u64) -> String {
    let mut text = String::new();
    for width in 0..4 {
        let (one, two) = (Slow(seed + width), Slow(seed ^ width));
        write!(text, "{one:>width$}|{two}|{:?}|", format!("{one}{two}"), width = width as usize)
            .unwrap();
    }
    text
}

pub(super) fn iterators(seed: u64) -> Vec<u64> {
    let waits = |number: u64| {
        pause();
        number.wrapping_mul(seed | 1)
    };
    let list: Vec<u64> = (0..30).map(waits).filter(|it| it / 7 % 3 != 0).collect();
    let chunks = list.chunks(4).flat_map(|chunk| {
        pause();
        chunk.iter().rev().copied()
    });
    let peeked = chunks.scan(0_u64, |sum, it| {
        *sum = sum.wrapping_add(it);
        pause();
        Some(*sum)
    });
    let mut peekable = peeked.skip_while(|it| (*Slow(*it)).is_multiple_of(2)).peekable();
    let mut result = Vec::new();
    while let Some(it) = peekable.next() {
        result.push(it ^ peekable.peek().copied().unwrap_or(7));
    }
    result.extend(list.iter().max_by_key(|it| Slow(**it)));
    result.extend(list.iter().position(|it| waits(*it) % 5 == 0).map(|at| at as u64));
    result.push(list.iter().map(|it| Slow(*it)).reduce(Add::add).unwrap().0);
    result
}

pub(super) fn readers(seed: u64) -> (Vec<String>, Vec<u8>) {
    struct Source(u64, usize);
    impl Read for Source {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            pause();
            let count = buffer.len().min(self.1).min((self.0 % 7 + 1) as usize);
            for byte in &mut buffer[..count] {
                self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *byte = b"abc\n"[(self.0 >> 60) as usize % 4];
            }
            self.1 -= count;
            Ok(count)
        }
    }
    struct Target(Vec<u8>);
    impl Write for Target {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            pause();
            let count = bytes.len().min(5);
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            pause();
            Ok(())
        }
    }
    let lines: Vec<String> =
        BufReader::with_capacity(16, Source(seed, 200)).lines().map(Result::unwrap).collect();
    let mut writer = BufWriter::with_capacity(11, Target(Vec::new()));
    for line in &lines {
        writeln!(writer, "{}: {line}", Slow(line.len() as u64)).unwrap();
    }
    std::io::copy(&mut Source(seed + 1, 100), &mut writer).unwrap();
    (lines, writer.into_inner().ok().unwrap().0)
}
