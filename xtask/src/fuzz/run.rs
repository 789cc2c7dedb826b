//! Running the programs of a module.

use anyhow::{Context, Result};
use wasmi::{Caller, Config, Engine, Error, Extern, Instance, Linker, Module, Store, TrapCode};

use super::exported;
use super::random::Random;
use super::saved::Saved;

/// More than any program needs.
const FUEL: u64 = 200_000_000;

/// What a program did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) trace: Vec<i32>,
    /// The panic or trap that it ended with.
    pub(super) end: Option<String>,
}

/// Where a program suspends, of all the places where it could.
pub(super) enum Schedule {
    /// Once wherever it can. Whoever polls it does other things before it goes on.
    Once,
    /// As often as this says, so many times in a hundred. Whoever polls it does other things meanwhile.
    Mixed(Random, usize),
    /// It just waits where it is, if at all: nobody else runs, and what it does is the same. As often
    /// as these numbers say, so many times in a hundred.
    InPlace(Random, usize),
}

/// A schedule on which nothing is suspended. A module that is not instrumented can run on it.
pub(super) fn never() -> Schedule {
    Schedule::InPlace(Random::new(0), 0)
}

impl Schedule {
    fn suspends(&mut self, is_rewound: bool) -> bool {
        match self {
            Self::Once => !is_rewound,
            Self::Mixed(random, percent) | Self::InPlace(random, percent) => {
                random.percent(*percent)
            }
        }
    }
}

/// What a program tells its host.
struct Seen {
    schedule: Schedule,
    trace: Vec<i32>,
    panic: Option<String>,
    suspends: usize,
    /// What was saved, each time when a coroutine was suspended.
    saved: Vec<Saved>,
    /// How large frames are, by the number of the function, if functions are resumed one by one.
    sizes: Option<Vec<u32>>,
}

impl Seen {
    fn new(schedule: Schedule, sizes: Option<Vec<u32>>) -> Self {
        let (trace, saved) = (Vec::new(), Vec::new());
        Self { schedule, trace, panic: None, suspends: 0, saved, sizes }
    }
}

/// A module that can be run.
pub(super) struct Runner {
    module: Module,
    linker: Linker<Seen>,
}

/// An instance, in which several programs can run after each other.
pub(super) struct Session {
    store: Store<Seen>,
    instance: Instance,
    /// How often anything was suspended in it.
    pub(super) suspends: usize,
    /// What was saved in the last program, each time when one of its coroutines was suspended.
    pub(super) saved: Vec<Saved>,
}

impl Runner {
    pub(super) fn new(wasm: &[u8]) -> Result<Self> {
        let mut config = Config::default();
        config.consume_fuel(true).set_max_recursion_depth(10_000);
        let engine = Engine::new(&config);
        let wasm = exported::with_frame_size(wasm)?;
        let module = Module::new(&engine, &wasm[..]).context("wasmi cannot compile the module")?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "trace", |mut caller: Caller<'_, Seen>, value: i32| {
            caller.data_mut().trace.push(value);
        })?;
        linker.func_wrap(
            "host",
            "suspends",
            |mut caller: Caller<'_, Seen>, is_rewound: i32| -> i32 {
                let seen = caller.data_mut();
                let suspends = seen.schedule.suspends(is_rewound != 0);
                seen.suspends += usize::from(suspends);
                suspends.into()
            },
        )?;
        linker.func_wrap("host", "finishes", |caller: Caller<'_, Seen>| -> i32 {
            matches!(caller.data().schedule, Schedule::InPlace(..)).into()
        })?;
        linker.func_wrap(
            "host",
            "suspended",
            |mut caller: Caller<'_, Seen>, core: u32| -> Result<(), Error> {
                let memory = caller.get_export("memory").and_then(Extern::into_memory);
                let memory = memory.ok_or_else(|| Error::new("there is no memory"))?;
                let (bytes, seen) = memory.data_and_store_mut(&mut caller);
                let saved = Saved::read(bytes, core, seen.sizes.as_deref());
                seen.saved.push(saved.map_err(|it| Error::new(format!("{it:#}")))?);
                Ok(())
            },
        )?;
        // Only a module that is not instrumented has these, and it never calls them.
        for name in ["start_unwind", "start_rewind"] {
            linker.func_wrap("asyncify", name, |_: i32| -> Result<(), Error> {
                Err(Error::new("it is not instrumented"))
            })?;
        }
        for name in ["stop_unwind", "stop_rewind"] {
            linker.func_wrap("asyncify", name, || -> Result<(), Error> {
                Err(Error::new("it is not instrumented"))
            })?;
        }
        linker.func_wrap(
            "host",
            "panicked",
            |mut caller: Caller<'_, Seen>, at: u32, length: u32| {
                let memory = caller.get_export("memory").and_then(Extern::into_memory);
                let text = memory.and_then(|memory| {
                    let text = memory.data(&caller).get(at as usize..)?.get(..length as usize)?;
                    Some(String::from_utf8_lossy(text).into_owned())
                });
                caller.data_mut().panic = text;
            },
        )?;
        Ok(Self { module, linker })
    }

    /// Runs the program of this number in an instance of its own; each `seed` makes it take other
    /// ways.
    pub(super) fn run(&self, number: usize, seed: i32) -> Result<Outcome> {
        Ok(self.session()?.run(number, seed, Schedule::Once)?.0)
    }

    pub(super) fn session(&self) -> Result<Session> {
        let mut store = Store::new(self.module.engine(), Seen::new(never(), None));
        store.set_fuel(FUEL)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        if let Ok(size) = instance.get_typed_func::<u32, u32>(&store, exported::FRAME_SIZE) {
            // It traps where there is none of that number.
            let sizes = (0..).map_while(|number| size.call(&mut store, number).ok());
            store.data_mut().sizes = Some(sizes.collect());
        }
        Ok(Session { store, instance, suspends: 0, saved: Vec::new() })
    }
}

impl Session {
    /// Runs a program. Whether another one can be run after it.
    pub(super) fn run(
        &mut self,
        number: usize,
        seed: i32,
        schedule: Schedule,
    ) -> Result<(Outcome, bool)> {
        let store = &mut self.store;
        store.set_fuel(FUEL)?;
        let sizes = store.data_mut().sizes.take();
        *store.data_mut() = Seen::new(schedule, sizes);
        let function =
            self.instance.get_typed_func::<i32, ()>(&*store, &format!("run {number}"))?;
        let ended = function.call(&mut *store, seed);
        let seen = store.data_mut();
        self.suspends += seen.suspends;
        self.saved = std::mem::take(&mut seen.saved);
        let (trace, panic) = (std::mem::take(&mut seen.trace), seen.panic.take());
        // Programs end themselves so, and at no other time than while nothing is suspended.
        let is_usable = match &ended {
            Ok(()) => true,
            Err(error) => error.as_trap_code() == Some(TrapCode::UnreachableCodeReached),
        };
        let end = panic.or(ended.err().map(|error| trap(&error)));
        Ok((Outcome { trace, end }, is_usable))
    }
}

fn trap(error: &Error) -> String {
    match error.as_trap_code() {
        Some(code) => format!("{code:?}"),
        None => error.to_string(),
    }
}
