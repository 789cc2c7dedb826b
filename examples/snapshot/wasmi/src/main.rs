//! The program's host in Rust: `snapshot-wasmi snapshot.wasm FILE [ANSWER…]`.
//!
//! Goes on with what is in the file, or starts if there is none, and saves the program to the file.
//! `../host.mjs` does the same, and reads and writes the same files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use wasmi::{Caller, Engine, Error, Instance, Linker, Memory, Module, Store};

const PAGE: usize = 65536;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let (Some(wasm), Some(file)) = (arguments.next(), arguments.next()) else {
        bail!("pass a module and a file to save to: snapshot-wasmi MODULE.wasm FILE [ANSWER…]");
    };
    let file = PathBuf::from(file);
    let mut program = Program::load(Path::new(&wasm))?;

    let mut waits = if file.exists() {
        program.restore(&file)?;
        true
    } else {
        program.call("start")?
    };
    for answer in arguments {
        if waits {
            waits = program.answer(answer)?;
        }
    }
    if waits {
        program.save(&file)
    } else if file.exists() {
        fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))
    } else {
        Ok(())
    }
}

/// An instance of the module.
struct Program {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    fingerprint: u64,
}

impl Program {
    fn load(path: &Path) -> Result<Self> {
        let wasm = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let engine = Engine::default();
        let module = Module::new(&engine, &wasm)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "print", print)?;
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let memory = instance.get_memory(&store, "memory").context("there is no memory")?;
        Ok(Self { store, instance, memory, fingerprint: fingerprint(&wasm) })
    }

    /// Calls `start` or `resume`; whether the program waits for an answer.
    fn call(&mut self, name: &str) -> Result<bool> {
        let function = self.instance.get_typed_func::<(), u32>(&self.store, name)?;
        Ok(function.call(&mut self.store, ())? == 1)
    }

    /// Gives an answer; whether the program waits for another.
    fn answer(&mut self, text: OsString) -> Result<bool> {
        let text = text.into_encoded_bytes();
        let answer = self.instance.get_typed_func::<u32, u32>(&self.store, "answer")?;
        let place = answer.call(&mut self.store, u32::try_from(text.len())?)?;
        self.memory.write(&mut self.store, place as usize, &text)?;
        self.call("resume")
    }

    /// The first line of a snapshot: what the rest is.
    fn header(&self, size: usize) -> String {
        format!("{size} bytes, the memory of module {:016x}\n", self.fingerprint)
    }

    /// Saves the program. Another file takes its place only when it is complete.
    fn save(&self, file: &Path) -> Result<()> {
        let memory = self.memory.data(&self.store);
        let content = [self.header(memory.len()).as_bytes(), memory].concat();
        let mut new = file.as_os_str().to_owned();
        new.push(".new");
        fs::write(&new, content).with_context(|| format!("cannot write `{}`", new.display()))?;
        fs::rename(&new, file).with_context(|| format!("cannot write `{}`", file.display()))
    }

    /// Makes the memory of this new instance what that of the other was.
    fn restore(&mut self, file: &Path) -> Result<()> {
        let shown = file.display();
        let saved = fs::read(file).with_context(|| format!("cannot read `{shown}`"))?;
        let start = saved.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (header, memory) = saved.split_at(start);
        if header != self.header(memory.len()).as_bytes() {
            bail!("`{shown}` is no whole snapshot of this module; remove it to start again");
        }
        let missing = memory.len().saturating_sub(self.memory.data_size(&self.store));
        self.memory.grow(&mut self.store, (missing / PAGE) as u64)?;
        Ok(self.memory.write(&mut self.store, 0, memory)?)
    }
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

/// FNV-1a, of 64 bits: tells modules apart, is quick to write in any language, and no secret.
fn fingerprint(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
