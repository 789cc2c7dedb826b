//! Notes in an SQLite database, in the private files of a page (OPFS). All of it runs on the page's only thread.
//!
//! ```text
//!   page.js ──► Notes ──► rusqlite ──► SQLite, in C ──► store.rs ──► file.rs ──► the browser's files
//!               async     synchronous                                embed      promises
//! ```

mod file;
mod store;

use std::sync::Arc;

use bysyncify::Coroutine;
use futures_util::lock::Mutex;
use rusqlite::{Connection, OpenFlags};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::FileSystemDirectoryHandle;

/// The size of the stack of each call of SQLite.
const STACK_SIZE: usize = 256 * 1024;

/// A transaction is written to the file in one step, in whole pages (`file.rs`). So it needs no journal in another file.
const SETUP: &str = "
    pragma page_size = 4096;
    pragma journal_mode = memory;
    pragma temp_store = memory;
    create table if not exists notes (id integer primary key, text text not null check (text <> ''));";

/// The page's notes.
#[wasm_bindgen]
pub struct Notes {
    /// While a call waits in SQLite, the next one waits here.
    database: Arc<Mutex<Connection>>,
}

/// Opens the database in a folder, once in a page. No other page may have it open: see page.js.
#[wasm_bindgen]
pub async fn open(folder: FileSystemDirectoryHandle) -> Result<Notes, JsError> {
    store::register("opfs", folder)?;
    let database = run(|| {
        let flags = OpenFlags::default();
        let database = Connection::open_with_flags_and_vfs("notes.sqlite", flags, "opfs")?;
        // Has SQLite read the schema, which it would do otherwise when it compiles the first statement. So nothing
        // waits in its compiler, and none of that has to be pausable.
        database.column_exists(None, "notes", "id")?;
        database.execute_batch(SETUP)?;
        Ok(database)
    });
    Ok(Notes { database: Arc::new(Mutex::new(database.await?)) })
}

#[wasm_bindgen]
impl Notes {
    /// Adds notes: all of them, or none if there is an error.
    pub async fn add(&self, texts: Vec<String>) -> Result<(), JsError> {
        self.with(move |database| {
            let transaction = database.transaction()?;
            for text in texts {
                transaction.execute("insert into notes (text) values (?1)", [text])?;
            }
            transaction.commit()
        })
        .await
    }

    /// The newest notes that contain a text.
    pub async fn find(&self, text: String) -> Result<Vec<String>, JsError> {
        let find = "select text from notes where instr(text, ?1) order by id desc limit 10";
        self.with(move |database| {
            database.prepare(find)?.query_map([text], |row| row.get(0))?.collect()
        })
        .await
    }

    /// How many there are.
    pub async fn count(&self) -> Result<u32, JsError> {
        self.with(|database| database.query_one("select count(*) from notes", [], |row| row.get(0)))
            .await
    }

    /// Has nobody else use the database meanwhile. A coroutine borrows nothing: it owns the lock.
    async fn with<T: 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + 'static,
    ) -> Result<T, JsError> {
        let mut database = Arc::clone(&self.database).lock_owned().await;
        run(move || work(&mut database)).await
    }
}

/// Runs synchronous code, which can wait.
async fn run<T: 'static>(
    code: impl FnOnce() -> rusqlite::Result<T> + 'static,
) -> Result<T, JsError> {
    Ok(Coroutine::new(STACK_SIZE, |_| code()).await?)
}
