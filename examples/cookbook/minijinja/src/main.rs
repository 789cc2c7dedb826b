//! A template whose function `fetch` waits while the template is rendered. Its parts are fetched, too: each of them
//! when it is included.
//!
//! `cookbook-minijinja URL` renders the `page.txt` at the URL.

use std::error::Error;

use bysyncify::embed;
use cookbook_host as host;
use minijinja::{Environment, ErrorKind, Value, context};

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

fn main() {
    host::run(STACK_SIZE, || {
        let site = host::argument(0).ok_or("pass the address of the templates")?;
        render(&site)
    });
}

fn render(site: &str) -> Result<(), Box<dyn Error>> {
    let mut environment = Environment::new();
    // The highest depth of calls and includes in templates: the stack is enough for that.
    environment.set_recursion_limit(50);
    let address = site.to_owned();
    // For minijinja this is an ordinary function, which it calls and which returns.
    environment.add_function("fetch", move |path: &str| -> Result<Value, minijinja::Error> {
        let json = fetch(&format!("{address}{path}"))?;
        serde_json::from_slice(&json).map_err(|error| failed(path, error))
    });
    let address = site.to_owned();
    environment.set_loader(move |name| {
        let text = fetch(&format!("{address}{name}"))?;
        String::from_utf8(text).map(Some).map_err(|error| failed(name, error))
    });
    let page = environment.get_template("page.txt")?;
    let text = page.render(context! { cities => ["Oslo", "Lima", "Quito"] }).map_err(in_full)?;
    host::print(&text);
    Ok(())
}

/// Fetches a file. This function waits.
fn fetch(url: &str) -> Result<Vec<u8>, minijinja::Error> {
    embed(host::fetch(url, None))
        .map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

fn failed(name: &str, error: impl Error + Send + Sync + 'static) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, format!("cannot read {name}"))
        .with_source(error)
}

/// The message of an error, with its causes.
fn in_full(error: minijinja::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
