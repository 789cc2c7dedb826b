//! Ordinary code that waits in odd places: it must do the same whether it waits or not, and whoever
//! runs in between.
//!
//! Each program here is a function of a number. It is run outside of all coroutines, where [`pause`]
//! does nothing; and then in several coroutines with different numbers, in an order that is drawn, where
//! [`pause`] waits. What they return must be the same.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::ops::{Add, Deref, Index};
use std::rc::Rc;
use std::task::Poll;

use bysyncify::{Coroutine, Generator, can_embed, embed};
use guest_support::random::Random;
use guest_support::{after_polls, poll_once, random_seed, tests};

/// Waits, in a coroutine.
fn pause() {
    if can_embed() {
        PAUSES.set(PAUSES.get() + 1);
        embed(after_polls(1 + PAUSES.get() % 2, ()));
    }
}

thread_local! {
    static PAUSES: Cell<usize> = const { Cell::new(0) };
}

fn random(seed: u64) -> Random {
    Random::new(seed)
}

/// Compares what a program returns.
fn compare<R: PartialEq + fmt::Debug + 'static>(program: fn(u64) -> R) {
    let mut order = random(random_seed());
    let seeds: Vec<u64> = (0..5).map(|_| order.below(1 << 30) as u64).collect();
    let expected: Vec<R> = seeds.iter().map(|seed| program(*seed)).collect();
    let mut running: Vec<_> = seeds
        .iter()
        .copied()
        .enumerate()
        .map(|(index, seed)| (index, Coroutine::new(128 * 1024, move |_| program(seed))))
        .collect();
    let mut results: Vec<Option<R>> = seeds.iter().map(|_| None).collect();
    while !running.is_empty() {
        let at = order.below(running.len());
        let (index, coroutine) = &mut running[at];
        if let Poll::Ready(result) = poll_once(coroutine) {
            results[*index] = Some(result);
            drop(running.swap_remove(at));
        }
    }
    assert!(PAUSES.get() > 0, "nobody has waited");
    assert_eq!(results.into_iter().map(Option::unwrap).collect::<Vec<_>>(), expected);
}

/// It waits whenever something is done with it.
#[derive(Clone, Debug)]
struct Slow(u64);

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        pause();
        self.0 == other.0
    }
}

impl Eq for Slow {}

impl PartialOrd for Slow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        pause();
        self.0.cmp(&other.0)
    }
}

impl Hash for Slow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        pause();
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pause();
        write!(f, "<{}", self.0)?;
        pause();
        f.write_str(">")
    }
}

impl Add for Slow {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        pause();
        Self(self.0.wrapping_mul(31).wrapping_add(other.0))
    }
}

impl Deref for Slow {
    type Target = u64;

    fn deref(&self) -> &u64 {
        pause();
        &self.0
    }
}

struct Noted<'a>(u64, &'a RefCell<Vec<u64>>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        pause();
        self.1.borrow_mut().push(self.0);
    }
}

fn sorted(seed: u64) -> (Vec<u64>, Vec<u64>) {
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

fn maps(seed: u64) -> Vec<(u64, u64, Option<u64>)> {
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

fn formatted(seed: u64) -> String {
    let mut text = String::new();
    for width in 0..4 {
        let (one, two) = (Slow(seed + width), Slow(seed ^ width));
        write!(text, "{one:>width$}|{two}|{:?}|", format!("{one}{two}"), width = width as usize)
            .unwrap();
    }
    text
}

/// Registers of all types are in use at once.
fn numbers(seed: u64) -> (i32, i64, f32, f64, u128, i8, bool, char) {
    let (mut a, mut b) = (seed as i32, seed as i64);
    let (mut c, mut d) = (seed as f32, seed as f64);
    let (mut e, mut f) = (u128::from(seed) << 60, seed as i8);
    let (mut g, mut h) = (false, 'a');
    for step in 0..20_i32 {
        pause();
        a = a.wrapping_mul(3).wrapping_add(step);
        b = b.rotate_left(7) ^ i64::from(a);
        c = c * 0.5 + a as f32;
        pause();
        d = (d + f64::from(c)).abs().sqrt();
        e = e.wrapping_mul(0x1234_5678_9abc_def1_0000_0001) ^ u128::from(b.unsigned_abs());
        f = f.wrapping_add(e as i8);
        if f > 0 {
            pause();
        }
        g ^= f & 1 == 1;
        h = char::from_u32(u32::from('a') + (e % 26) as u32).unwrap();
    }
    (a, b, c, d, e, f, g, h)
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Large([u64; 32]);

#[inline(never)]
fn returns_large(depth: u64, seed: u64) -> Large {
    let mut large = Large([seed; 32]);
    large.0[(depth % 32) as usize] = depth;
    if depth > 0 {
        let other = returns_large(depth - 1, seed ^ depth);
        pause();
        for (mine, others) in large.0.iter_mut().zip(other.0) {
            *mine = mine.wrapping_add(others).rotate_left(3);
        }
    }
    pause();
    large
}

fn large_results(seed: u64) -> (Large, Option<Large>, Result<Large, String>) {
    let maybe = seed.is_multiple_of(2).then(|| returns_large(3, seed));
    let result = if seed.is_multiple_of(3) {
        Ok(returns_large(2, seed))
    } else {
        Err(format!("{}", Slow(seed)))
    };
    (returns_large(6, seed), maybe, result)
}

/// Arrays whose addresses are taken, in loops; each is another's neighbour.
fn arrays(seed: u64) -> u64 {
    let mut sum = 0_u64;
    for round in 0..6 {
        let mut array = [seed.wrapping_add(round); 300];
        let (left, right) = array.split_at_mut(150);
        for (index, (a, b)) in left.iter_mut().zip(right.iter_mut()).enumerate() {
            if index % 50 == 0 {
                pause();
            }
            std::mem::swap(a, b);
            *a = a.wrapping_mul(index as u64 + 3);
        }
        let inner = black_box([sum; 20]);
        pause();
        sum = black_box(&array).iter().chain(&inner).fold(sum, |sum, it| sum.rotate_left(1) ^ it);
    }
    sum
}

fn references(seed: u64) -> (String, Vec<u64>) {
    fn visit<'a>(
        list: &'a mut [u64],
        text: &mut String,
        longest: &mut &'a str,
        words: &'a [String],
    ) {
        pause();
        if let Some((first, rest)) = list.split_first_mut() {
            *first += 1;
            let word = &words[(*first % words.len() as u64) as usize];
            if word.len() > longest.len() {
                *longest = word;
            }
            text.push_str(longest);
            visit(rest, text, longest, words);
            pause();
            *first *= 2;
        }
    }
    let words: Vec<String> = (0..7).map(|n| "x".repeat(n + (seed % 5) as usize)).collect();
    let mut list: Vec<u64> = (0..12).map(|n| seed % 11 + n).collect();
    let (mut text, mut longest) = (String::new(), "");
    visit(&mut list, &mut text, &mut longest, &words);
    (text + longest, list)
}

fn iterators(seed: u64) -> Vec<u64> {
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

fn trait_objects(seed: u64) -> Vec<u64> {
    trait Shape {
        fn area(&self) -> u64;
        fn name(&self) -> &str {
            pause();
            "shape"
        }
    }
    struct Square(u64);
    struct Circle<'a>(&'a Slow, Box<dyn Fn(u64) -> u64 + 'a>);
    impl Shape for Square {
        fn area(&self) -> u64 {
            pause();
            self.0.wrapping_mul(self.0)
        }
    }
    impl Shape for Circle<'_> {
        fn area(&self) -> u64 {
            (self.1)(**self.0)
        }
        fn name(&self) -> &str {
            "circle"
        }
    }
    let slow = Slow(seed % 1000);
    let offset = seed % 17;
    let shapes: Vec<Box<dyn Shape + '_>> = (0..10)
        .map(|number| -> Box<dyn Shape + '_> {
            pause();
            match number % 2 {
                0 => Box::new(Square(seed % 100 + number)),
                _ => Box::new(Circle(
                    &slow,
                    Box::new(move |it| {
                        pause();
                        it * 3 + offset + number
                    }),
                )),
            }
        })
        .collect();
    shapes.iter().map(|it| it.area().wrapping_mul(it.name().len() as u64)).collect()
}

fn destructors(seed: u64) -> Vec<u64> {
    let log = RefCell::new(Vec::new());
    let make = |number| {
        pause();
        Noted(number, &log)
    };
    {
        let mut list: Vec<Noted<'_>> = (0..8).map(make).collect();
        list.truncate(6);
        let kept = list.remove((seed % 6) as usize);
        list.retain(|it| it.0 % 2 == 0);
        let _shadowed = make(100);
        let _shadowed = Some(make(101)).filter(|it| it.0 == seed);
        drop(kept);
        for it in list.drain(..1) {
            log.borrow_mut().push(50 + it.0);
        }
        let tuple = (make(200), [make(201), make(202)]);
        let (_, [moved, _]) = tuple;
        let rc = Rc::new(make(300));
        let weak = Rc::downgrade(&rc);
        drop(rc);
        assert!(weak.upgrade().is_none());
        drop(moved);
        if seed.is_multiple_of(2) {
            return std::iter::once(u64::from(weak.strong_count() as u32))
                .chain(log.take())
                .collect();
        }
    }
    log.into_inner()
}

fn control_flow(seed: u64) -> (u64, String) {
    #[derive(Debug)]
    enum Token {
        Number(u64),
        Text(String),
        Pair(Box<Token>, Box<Token>),
        End,
    }
    fn make(random: &mut Random, depth: u32) -> Token {
        pause();
        match random.below(4) {
            0 => Token::Number(random.below(100) as u64),
            1 => Token::Text("t".repeat(random.below(5))),
            2 if depth > 0 => {
                Token::Pair(Box::new(make(random, depth - 1)), Box::new(make(random, depth - 1)))
            }
            _ => Token::End,
        }
    }
    fn fold(token: &Token) -> Result<u64, String> {
        Ok(match token {
            Token::Number(number) if *Slow(*number) == 13 => return Err("unlucky".to_owned()),
            Token::Number(number) => *number,
            Token::Text(text) => {
                pause();
                text.len() as u64
            }
            Token::Pair(one, other) => fold(one)?.wrapping_mul(7) + fold(other)?,
            Token::End => 1,
        })
    }
    let mut random = random(seed);
    let (mut sum, mut text) = (0_u64, String::new());
    'rounds: for round in 0..40_u64 {
        let token = make(&mut random, 3);
        let value = match fold(&token) {
            Ok(value) => value,
            Err(error) => {
                text += &error;
                continue 'rounds;
            }
        };
        let found = 'search: loop {
            for step in 0.. {
                pause();
                if (value + step) % 5 == round % 5 {
                    break 'search step;
                }
                if step > 7 {
                    continue 'rounds;
                }
            }
        };
        sum = sum.wrapping_mul(3).wrapping_add(found);
        if sum % 1009 == 0 {
            break;
        }
        write!(text, "{token:?}").unwrap();
    }
    (sum, text)
}

fn readers(seed: u64) -> (Vec<String>, Vec<u8>) {
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

/// What one coroutine has made is run in another one, and in a generator.
fn moved_between_stacks(seed: u64) -> Vec<u64> {
    type Task = Box<dyn FnOnce(u64) -> Box<dyn Any>>;
    let shared = Rc::new(RefCell::new(vec![seed]));
    let make = |number: u64| -> Task {
        let (text, shared) = (format!("{}", Slow(number)), Rc::clone(&shared));
        pause();
        Box::new(move |argument| {
            pause();
            shared.borrow_mut().push(argument + text.len() as u64);
            Box::new((text, argument))
        })
    };
    let tasks: Vec<Task> = (0..4).map(make).collect();
    let run_all = move |tasks: Vec<Task>| {
        pause();
        tasks.into_iter().zip(seed..).map(|(task, number)| task(number)).collect::<Vec<_>>()
    };
    let results = if can_embed() {
        let local = Slow(seed);
        embed(async {
            let results = Coroutine::new(32768, move |_| run_all(tasks)).await;
            assert_eq!(local.0, seed);
            results
        })
    } else {
        run_all(tasks)
    };
    let numbers = results.into_iter().map(|it| it.downcast::<(String, u64)>().unwrap().1);
    let mut all: Vec<u64> = numbers.collect();
    let list = Rc::clone(&shared);
    let mut generator = Generator::new(32768, move |values| {
        let local = [seed; 10];
        for (index, value) in local.iter().enumerate() {
            list.borrow_mut().push(index as u64);
            values.yield_(value + index as u64);
        }
    });
    // It is dropped half way.
    for it in generator.by_ref().take(3) {
        pause();
        all.push(it);
    }
    drop(generator);
    all.extend(shared.borrow().index(..));
    all
}

tests! {
    fn comparisons_that_wait() { compare(sorted); }
    fn keys_that_wait() { compare(maps); }
    fn texts_that_wait_as_they_are_written() { compare(formatted); }
    fn numbers_of_all_types() { compare(numbers); }
    fn large_results_of_functions_that_wait() { compare(large_results); }
    fn arrays_in_loops() { compare(arrays); }
    fn references_into_many_frames() { compare(references); }
    fn iterators_that_wait_in_each_other() { compare(iterators); }
    fn objects_and_closures_that_wait() { compare(trait_objects); }
    fn destructors_that_wait() { compare(destructors); }
    fn loops_and_errors() { compare(control_flow); }
    fn readers_and_writers_that_wait() { compare(readers); }
    fn closures_that_others_run() { compare(moved_between_stacks); }
}
