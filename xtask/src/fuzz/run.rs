//! Runs the programs of a module.

use anyhow::{Context, Result};
use wasmi::{Caller, Config, Engine, Error, Extern, Instance, Linker, Module, Store, TrapCode};

use super::exported;
use super::random::Random;
use super::saved::Saved;

/// More than any program needs.
const FUEL: u64 = 200_000_000;

/// The behaviour of a program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) trace: Vec<i32>,
    /// The panic or trap that it ended with.
    pub(super) end: Option<String>,
}

/// At which of its possible suspend points a program suspends.
pub(super) enum Schedule {
    /// Once at each. The poller does other things before it resumes the coroutine.
    Once,
    /// With this probability in percent. The poller does other things meanwhile.
    Mixed(Random, usize),
    /// With this probability in percent, but in place: nothing else runs meanwhile, so the behaviour does not change.
    InPlace(Random, usize),
}

/// A schedule without suspends. A module that is not instrumented can run on it.
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

/// The messages of a program to its host.
struct Seen {
    schedule: Schedule,
    trace: Vec<i32>,
    panic: Option<String>,
    suspends: usize,
    /// The saved data, at each suspend of a coroutine.
    saved: Vec<Saved>,
    /// The sizes of frames, by the number of the function, if functions are resumed one by one.
    sizes: Option<Vec<u32>>,
}

impl Seen {
    fn new(schedule: Schedule, sizes: Option<Vec<u32>>) -> Self {
        let (trace, saved) = (Vec::new(), Vec::new());
        Self { schedule, trace, panic: None, suspends: 0, saved, sizes }
    }
}

/// A module, ready to be run.
pub(super) struct Runner {
    module: Module,
    linker: Linker<Seen>,
}

/// An instance, in which several programs can run after each other.
pub(super) struct Session {
    store: Store<Seen>,
    instance: Instance,
    /// How often coroutines were suspended in it.
    pub(super) suspends: usize,
    /// The saved data in the last program, at each suspend of a coroutine.
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
        // Only a module that is not instrumented imports these, and it never calls them.
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

    /// Runs the program with this number in its own instance. Each `seed` makes it take other paths.
    pub(super) fn run(&self, number: usize, seed: i32) -> Result<Outcome> {
        Ok(self.session()?.run(number, seed, Schedule::Once)?.0)
    }

    pub(super) fn session(&self) -> Result<Session> {
        let mut store = Store::new(self.module.engine(), Seen::new(never(), None));
        store.set_fuel(FUEL)?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module)?;
        if let Ok(size) = instance.get_typed_func::<u32, u32>(&store, exported::FRAME_SIZE) {
            // It traps for a number without a function.
            let sizes = (0..).map_while(|number| size.call(&mut store, number).ok());
            store.data_mut().sizes = Some(sizes.collect());
        }
        Ok(Session { store, instance, suspends: 0, saved: Vec::new() })
    }
}

impl Session {
    /// Runs a program. Also returns whether another one can be run after it.
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
        // Programs end themselves with this trap, and only while nothing is suspended.
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
