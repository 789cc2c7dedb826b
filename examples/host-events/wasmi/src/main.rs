//! The program's host without JavaScript: `host-events-wasmi host_events.wasm`.
//!
//! Tells the module what the lines of the standard input say, one after the other. The module is
//! the one that runs in Node, and knows nothing of the difference: while all of it waits, it is
//! just memory. Other engines (wasmtime, for instance) have nearly the same functions as wasmi.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::{env, fs};

use anyhow::{Context as _, Result};
use wasmi::{Caller, Engine, Error, Linker, Module, Store, TypedFunc};

const MACHINES: u32 = 2;
const KINDS: [&str; 3] = ["coin", "button", "off"];

fn main() -> Result<()> {
    let path = env::args_os().nth(1).context("pass the module: host-events-wasmi MODULE.wasm")?;
    let wasm = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;

    let engine = Engine::default();
    let module = Module::new(&engine, wasm)?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "print", print)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start: TypedFunc<u32, ()> = instance.get_typed_func(&store, "start")?;
    let event: TypedFunc<(u32, u32, u32), u32> = instance.get_typed_func(&store, "event")?;

    start.call(&mut store, MACHINES)?;
    if io::stdin().is_terminal() {
        println!("Say what happens: `0 coin 20`, `0 button 3`, `1 off`. Ctrl-D ends.");
    }
    for line in io::stdin().lock().lines() {
        let line = line?;
        match parse(&line) {
            None => println!("`{line}` says nothing: write `0 coin 20`, `0 button 3` or `0 off`"),
            Some((machine, kind, value)) => {
                if event.call(&mut store, (machine, kind, value))? == 0 {
                    println!("there is no machine {machine}, or it is off");
                }
            }
        }
    }
    Ok(())
}

/// The host's function: prints a line that is in the module's memory.
fn print(caller: Caller<'_, ()>, pointer: u32, len: u32) -> Result<(), Error> {
    let memory = caller.get_export("memory").and_then(|export| export.into_memory());
    let memory = memory.ok_or_else(|| Error::new("the module exports no memory"))?;
    let text =
        memory.data(&caller).get(pointer as usize..).and_then(|rest| rest.get(..len as usize));
    let text = text.ok_or_else(|| Error::new("what is to be printed is not in the memory"))?;
    println!("{}", String::from_utf8_lossy(text));
    Ok(())
}

/// What `event` is to be called with.
fn parse(line: &str) -> Option<(u32, u32, u32)> {
    let mut words = line.split(' ');
    let machine = words.next()?.parse().ok()?;
    let kind = words.next()?;
    let kind =
        KINDS.iter().zip(0..).find_map(|(known, number)| (*known == kind).then_some(number))?;
    let value = words.next().map_or(Ok(0), str::parse).ok()?;
    words.next().is_none().then_some((machine, kind, value))
}
