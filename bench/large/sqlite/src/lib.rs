//! A program to measure: SQLite, in C. It fills a table with the lines that `next_line()`, a function
//! of ours that SQL calls, reads from a source that waits; then it asks for a report.
//!
//! While it waits the paused stack is: our closure, `sqlite3_step`, its virtual machine, our function.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;
use std::io::{BufRead, Lines};

use bench_support::{Source, program};
use sqlite_wasm_rs::{
    SQLITE_DONE, SQLITE_OK, SQLITE_ROW, SQLITE_TRANSIENT, SQLITE_UTF8, sqlite3, sqlite3_close,
    sqlite3_column_text, sqlite3_context, sqlite3_create_function_v2, sqlite3_errmsg,
    sqlite3_exec, sqlite3_finalize, sqlite3_open, sqlite3_prepare_v2, sqlite3_result_null,
    sqlite3_result_text, sqlite3_step, sqlite3_user_data, sqlite3_value,
};

program!(run);

const FILL: &CStr = cr"
    create table orders (customer text, item text, count integer, price integer, note text);
    create table lines (line text);
    with recursive source (line) as (
        select next_line()
        union all
        select next_line() from source where line is not null
    )
    insert into lines select line from source where line is not null;
    with recursive fields (field, text, rest, line) as (
        select 0, '', line || ';', rowid from lines
        union all
        select field + 1, substr(rest, 1, instr(rest, ';') - 1), substr(rest, instr(rest, ';') + 1), line
        from fields where rest <> ''
    )
    insert into orders
    select max(text) filter (where field = 1), max(text) filter (where field = 2),
           max(text) filter (where field = 3), max(text) filter (where field = 4),
           max(text) filter (where field = 5)
    from fields group by line;
    create index by_customer on orders (customer, item);
";

/// The report of input.mjs: one line for each customer.
const REPORT: &CStr = cr"
    select upper(customer) || ': ' || count(*) || ' orders, '
        || sum(note like '%urgent%') || ' urgent, ' || sum(price * count)
        || ' (' || (sum(price * count) / count(*)) || '), '
        || (select sum(o.count) || ' ' || o.item from orders o where o.customer = orders.customer
            group by o.item order by sum(o.count) desc, o.item limit 1)
    from orders group by customer order by customer
";

type Input = Lines<Source>;

fn run(source: Source) -> Vec<u8> {
    let mut lines = source.lines();
    let database = Database::open();
    database.add_next_line(&mut lines);
    database.execute(FILL);
    database.column(REPORT)
}

/// An open database in memory.
struct Database(*mut sqlite3);

impl Database {
    fn open() -> Self {
        let mut database = Self(ptr::null_mut());
        // SAFETY: a C string, and a place for the result.
        let code = unsafe { sqlite3_open(c":memory:".as_ptr(), &raw mut database.0) };
        database.expect(code, SQLITE_OK);
        database
    }

    /// Makes `next_line()` known to SQL: the next line of the input, or null.
    fn add_next_line(&self, lines: &mut Input) {
        // SAFETY: `lines` outlives every statement that `run` executes.
        let code = unsafe {
            sqlite3_create_function_v2(
                self.0,
                c"next_line".as_ptr(),
                0,
                SQLITE_UTF8,
                ptr::from_mut(lines).cast(),
                Some(next_line),
                None,
                None,
                None,
            )
        };
        self.expect(code, SQLITE_OK);
    }

    fn execute(&self, sql: &CStr) {
        // SAFETY: an open database and a C string; no callback.
        let code = unsafe {
            sqlite3_exec(self.0, sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut())
        };
        self.expect(code, SQLITE_OK);
    }

    /// The first column of the result, a line for each row.
    fn column(&self, sql: &CStr) -> Vec<u8> {
        let mut statement = ptr::null_mut();
        // SAFETY: an open database, a C string and a place for the result.
        let code = unsafe {
            sqlite3_prepare_v2(self.0, sql.as_ptr(), -1, &raw mut statement, ptr::null_mut())
        };
        self.expect(code, SQLITE_OK);
        let mut text = Vec::new();
        loop {
            // SAFETY: prepared above, and finalized below.
            let code = unsafe { sqlite3_step(statement) };
            if code != SQLITE_ROW {
                self.expect(code, SQLITE_DONE);
                break;
            }
            // SAFETY: there is a row.
            let column = unsafe { sqlite3_column_text(statement, 0) };
            // SAFETY: valid until the next step.
            text.extend(unsafe { CStr::from_ptr(column.cast()) }.to_bytes());
            text.push(b'\n');
        }
        // SAFETY: not used afterwards.
        unsafe { sqlite3_finalize(statement) };
        text
    }

    fn expect(&self, code: c_int, expected: c_int) {
        if code != expected {
            // SAFETY: an open database, or one that could not be opened.
            let message = unsafe { CStr::from_ptr(sqlite3_errmsg(self.0)) };
            panic!("SQLite: {} ({code})", message.to_string_lossy());
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: no statement of it is left.
        unsafe { sqlite3_close(self.0) };
    }
}

/// # Safety
///
/// - SQLite calls it, as the function that `add_next_line` has made.
unsafe extern "C" fn next_line(
    context: *mut sqlite3_context,
    _: c_int,
    _: *mut *mut sqlite3_value,
) {
    // SAFETY: what `add_next_line` has given; nobody else uses it while a statement runs.
    let lines = unsafe { &mut *sqlite3_user_data(context).cast::<Input>() };
    match lines.next() {
        Some(line) => {
            let line = line.expect("the input is text");
            let (text, len) = (line.as_ptr().cast::<c_char>(), line.len() as c_int);
            // SAFETY: SQLite copies the text.
            unsafe { sqlite3_result_text(context, text, len, SQLITE_TRANSIENT()) };
        }
        // SAFETY: a context.
        None => unsafe { sqlite3_result_null(context) },
    }
}

// What the crate wants of its host. Nothing of it is of use here: no other process, no clock.

#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_sleep(_seconds: u64, _nanoseconds: u32) {}

/// How many random bytes were written: none.
#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_random(_: *mut u8, _len: usize) -> usize {
    0
}

/// What the others return.
const UNSUPPORTED: c_int = 1;

#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_epoch_timestamp_in_ms(_: *mut i64) -> c_int {
    UNSUPPORTED
}

#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_fill_entropy(_: *mut u8, _len: usize) -> c_int {
    UNSUPPORTED
}

#[unsafe(no_mangle)]
extern "C" fn rust_sqlite_wasm_host_localtime(_seconds: i64, _: *mut c_void) -> c_int {
    UNSUPPORTED
}
