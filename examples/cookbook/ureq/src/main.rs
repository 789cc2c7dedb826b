//! A client of a small service, written with `ureq`: each call returns when it has the answer. The host's `fetch` makes
//! the requests.
//!
//! `cookbook-ureq URL` works with the list of tasks at the URL.

use std::io::Read;

use bysyncify::embed;
use cookbook_host as host;
use serde_json::{Value, json};
use ureq::http::{Request, Response, StatusCode};
use ureq::middleware::MiddlewareNext;
use ureq::{Agent, Body, Error, SendBody};

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

fn main() {
    host::run(STACK_SIZE, || {
        let site = host::argument(0).ok_or("pass the address of the tasks")?;
        work(&site).map_err(Into::into)
    });
}

fn work(site: &str) -> Result<(), Error> {
    let agent: Agent = Agent::config_builder().middleware(fetch).build().into();
    let tasks = format!("{site}tasks");
    list(agent.get(&tasks).call()?)?;

    let new = json!({ "title": "water the flowers" });
    let mut added = agent.post(&tasks).header("authorization", "Bearer 1234").send_json(&new)?;
    let task: Value = added.body_mut().read_json()?;
    host::print(&format!("added: {}, {}", added.status(), task["title"]));

    let place = format!("{tasks}/{}", task["id"]);
    agent.put(&place).header("authorization", "Bearer 1234").send_json(json!({ "done": true }))?;
    list(agent.get(&tasks).query("done", "true").call()?)?;

    // Errors are ureq's own.
    match agent.delete(&place).call() {
        Err(Error::StatusCode(code)) => host::print(&format!("not deleted: {code}")),
        other => drop(other?),
    }
    Ok(())
}

fn list(mut answer: Response<Body>) -> Result<(), Error> {
    let tasks: Vec<Value> = answer.body_mut().read_json()?;
    let titles: Vec<_> = tasks.iter().filter_map(|task| task["title"].as_str()).collect();
    host::print(&format!("{} tasks: {}", tasks.len(), titles.join(", ")));
    Ok(())
}

/// Makes a request, in place of ureq's own sockets. This function waits.
fn fetch(request: Request<SendBody<'_>>, _: MiddlewareNext<'_>) -> Result<Response<Body>, Error> {
    let (parts, body) = request.into_parts();
    let mut head = format!("{} {}\n", parts.method, parts.uri);
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    let mut sent = Vec::new();
    body.into_reader().read_to_end(&mut sent)?;

    let (head, content) = embed(host::http::send(&head, &sent))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.get(..3)).unwrap_or_default();
    let status = StatusCode::from_bytes(status.as_bytes()).map_err(ureq::http::Error::from)?;
    if status.is_client_error() || status.is_server_error() {
        return Err(Error::StatusCode(status.as_u16()));
    }
    let mut response = Response::builder().status(status);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        response = response.header(name, value);
    }
    Ok(response.body(Body::builder().data(content))?)
}
