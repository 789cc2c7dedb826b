//! Queries a database of 100 MB on a web server with SQLite, and fetches only the pages that the answer needs.
//!
//! `cookbook-sqlite URL CUSTOMER` asks for a customer's largest orders. `cookbook-sqlite --make` makes the database.
//! SQLite waits in `remote`.

mod os;
mod remote;

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

use bysyncify::embed;
use bysyncify::io::RangeReader;
use cookbook_host as host;
use rusqlite::{Connection, OpenFlags};

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

/// SQLite reads one page at a time, at various positions.
const BLOCK_SIZE: usize = 8 * 1024;

fn main() {
    host::run(STACK_SIZE, || match host::argument(0).as_deref() {
        Some("--make") => make(),
        Some(url) => ask(url, &host::argument(1).unwrap_or_default()),
        None => Err("pass the address of a database, and a customer's name".into()),
    });
}

const LARGEST_ORDERS: &str = "
    select orders.id, orders.item, orders.cents / 100.0, count(*) over (), sum(orders.cents) over () / 100.0
    from customers join orders on orders.customer = customers.id
    where customers.name = ?1
    order by orders.cents desc limit 3";

/// Prints the answer, and how much was fetched for it.
fn ask(url: &str, customer: &str) -> Result<(), Box<dyn Error>> {
    let size = embed(host::size(url))?;
    let address = url.to_owned();
    let fetch = async move |bytes| host::fetch(&address, Some(bytes)).await;
    let file = Rc::new(RefCell::new(RangeReader::with_blocks(size, BLOCK_SIZE, 64, fetch)));
    remote::register("remote", file.clone())?;

    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags_and_vfs("orders.sqlite", flags, "remote")?;
    // Has SQLite read the schema, which it would do otherwise when it compiles the first statement. So nothing waits in
    // its compiler, and none of that has to be pausable.
    database.column_exists(None, "customers", "id")?;
    let mut statement = database.prepare(LARGEST_ORDERS)?;
    let mut rows = statement.query([customer])?;
    let mut total = (0, 0.0);
    while let Some(row) = rows.next()? {
        let (id, item, price): (u32, String, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        host::print(&format!("{id:>7}  {item:<12} {price:>8.2}"));
        total = (row.get(3)?, row.get(4)?);
    }
    let (orders, price) = total;
    host::print(&format!("{customer}: {orders} orders, {price:.2}"));
    let fetched = file.borrow().fetched();
    host::print(&format!("{} requests, {} of {size} bytes", fetched.requests, fetched.bytes));
    Ok(())
}

/// A million orders, always the same ones.
const ORDERS: &str = "
    pragma page_size = 4096;
    create table customers (id integer primary key, name text unique);
    create table orders (id integer primary key, customer integer, item text, cents integer, note text);

    with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < 49999)
    insert into customers select n, 'Customer ' || n from numbers;

    with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < 999999),
    random (n, a, b) as (select n, (n * 2654435761) % 4294967291, (n * 2246822519) % 4294967279 from numbers)
    insert into orders
    select n, a % 50000, substr('blue grey gold pink ', 1 + b % 4 * 5, 5) || substr('chairtableshelf', 1 + a % 3 * 5, 5),
        100 + b % 99900, printf('wrapped, to be delivered on day %d of the year, before %d o''clock', a % 365, 8 + b % 10)
    from random;

    create index by_customer on orders (customer);";

/// Makes the database, for the host to save.
fn make() -> Result<(), Box<dyn Error>> {
    let mut database = Connection::open_in_memory()?;
    database.execute_batch(ORDERS)?;
    host::save(&database.serialize("main")?);
    Ok(())
}
