//! Data on the stack during waits: numbers of all types, large results, arrays, references, closures, values to be
//! dropped.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::hint::black_box;
use std::ops::Index;
use std::rc::Rc;

use bysyncify::{Coroutine, Generator, can_embed, embed};
use guest_support::random::Random;

use super::{Slow, pause, random};

struct Noted<'a>(u64, &'a RefCell<Vec<u64>>);

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        pause();
        self.1.borrow_mut().push(self.0);
    }
}

/// Locals of all types are live at once.
pub(super) fn numbers(seed: u64) -> (i32, i64, f32, f64, u128, i8, bool, char) {
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
pub(super) struct Large([u64; 32]);

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

pub(super) fn large_results(seed: u64) -> (Large, Option<Large>, Result<Large, String>) {
    let maybe = seed.is_multiple_of(2).then(|| returns_large(3, seed));
    let result = if seed.is_multiple_of(3) {
        Ok(returns_large(2, seed))
    } else {
        Err(format!("{}", Slow(seed)))
    };
    (returns_large(6, seed), maybe, result)
}

/// Arrays whose addresses are taken, in loops, with other arrays beside them.
pub(super) fn arrays(seed: u64) -> u64 {
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

pub(super) fn references(seed: u64) -> (String, Vec<u64>) {
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

pub(super) fn trait_objects(seed: u64) -> Vec<u64> {
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

pub(super) fn destructors(seed: u64) -> Vec<u64> {
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

pub(super) fn control_flow(seed: u64) -> (u64, String) {
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

/// Closures and values from one coroutine are used in another one, and in a generator.
pub(super) fn moved_between_stacks(seed: u64) -> Vec<u64> {
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
    // The generator is dropped half way.
    for it in generator.by_ref().take(3) {
        pause();
        all.push(it);
    }
    drop(generator);
    all.extend(shared.borrow().index(..));
    all
}
