//! Reads archives in a page, with synchronous crates, while their bytes arrive.
//!
//! The page makes a [`Job`] for each archive, and reads its progress in each frame. All jobs run on the page's only
//! thread. Each is a coroutine, and yields to the others and to the page.

mod archive;
mod pace;
mod progress;
mod sink;
mod source;

use std::io;
use std::rc::Rc;

use bysyncify::Coroutine;
use futures_util::future::{AbortHandle, Aborted, abortable};
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::FileSystemWritableFileStream;

use progress::Progress;
use sink::Sink;
use source::Source;

/// The memory of one coroutine. `flate2` needs most of it; an unoptimised build needs four times as much as an
/// optimised one.
const STACK_SIZE: usize = 256 * 1024;

/// An archive that is being read.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Job {
    progress: Rc<Progress>,
    abort: AbortHandle,
    ended: Promise,
}

#[wasm_bindgen]
impl Job {
    /// Begins to read an archive, a `Blob` or a `ReadableStream`, and to hash all files in it.
    #[wasm_bindgen(constructor)]
    pub fn new(source: &JsValue) -> Result<Self, JsError> {
        Self::start(source, |source, progress| archive::read(source, |file| progress.hash(file)))
    }

    /// Begins to copy the file with this number out of an archive.
    pub fn save(
        source: &JsValue,
        number: u32,
        to: FileSystemWritableFileStream,
    ) -> Result<Self, JsError> {
        Self::start(source, move |source, progress| {
            let mut sink = Sink::new(to);
            archive::read(source, |file| progress.copy_if(number, file, &mut sink))?;
            sink.close()
        })
    }

    /// A promise: true when everything was read, false if it was cancelled.
    #[wasm_bindgen(getter)]
    pub fn ended(&self) -> Promise {
        self.ended.clone()
    }

    /// Cancels the job. In the next turn of the event loop it is gone.
    pub fn cancel(&self) {
        self.abort.abort();
    }

    /// How many bytes of the archive were read.
    #[wasm_bindgen(getter)]
    pub fn read(&self) -> f64 {
        self.progress.read.get()
    }

    /// How many bytes were unpacked.
    #[wasm_bindgen(getter)]
    pub fn unpacked(&self) -> f64 {
        self.progress.unpacked.get()
    }

    /// The path of the file that is being unpacked.
    #[wasm_bindgen(getter)]
    pub fn current(&self) -> String {
        self.progress.current.borrow().clone()
    }

    /// The files that were unpacked since this was last called: `[number, path, bytes, sha256]`.
    #[wasm_bindgen(js_name = takeFiles)]
    pub fn take_files(&self) -> Array {
        self.progress.files.take().into_iter().collect()
    }

    /// Runs synchronous code, in a coroutine of its own.
    fn start(
        source: &JsValue,
        run: impl FnOnce(Source, &Progress) -> io::Result<()> + 'static,
    ) -> Result<Self, JsError> {
        let progress = Rc::new(Progress::default());
        let source = Source::new(source, Rc::clone(&progress))?;
        let shown = Rc::clone(&progress);
        let coroutine = Coroutine::new(STACK_SIZE, move |_| run(source, &shown));
        let (coroutine, abort) = abortable(coroutine);
        let ended = future_to_promise(async move {
            // After this statement the coroutine is gone, with all its values.
            let outcome = coroutine.await;
            match outcome {
                Ok(Ok(())) => Ok(true.into()),
                Ok(Err(error)) => Err(JsError::from(error).into()),
                Err(Aborted) => Ok(false.into()),
            }
        });
        Ok(Self { progress, abort, ended })
    }
}

/// Reports a panic before the module traps.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| wasm_bindgen::throw_str(&info.to_string())));
}
