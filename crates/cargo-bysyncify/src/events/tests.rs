//! Events on their path from the linker to the output.

use std::fs;
use std::process::Command;
use std::time::Instant;

use super::*;

fn figures() -> Figures {
    Figures {
        bytes_before: 1_200_000,
        bytes_after: 1_337_200,
        counts: Some(Counts { functions: 1166, instrumented: 85 }),
        reused: false,
        lacks_wasm_opt: false,
    }
}

fn start() -> Event {
    Event::Start { module: "/t/deps/demo-0123456789abcdef.wasm".into(), bytes: 1_200_000 }
}

fn finish(figures: Figures) -> Event {
    let seconds = vec![(Phase::Analyse, Duration::from_millis(120))];
    Event::Finish { figures, seconds }
}

#[test]
fn every_event_is_read_as_it_was_written() {
    let uncounted = Figures { counts: None, reused: true, ..figures() };
    for event in [
        start(),
        Event::Phase(Phase::Analyse),
        Event::Phase(Phase::Asyncify),
        Event::Phase(Phase::Verify),
        finish(figures()),
        finish(uncounted),
        Event::Failed("a\nb".into()),
    ] {
        let json = serde_json::from_str(&event.to_json().to_string()).unwrap();
        assert_eq!(Event::from_json(&json), Some(event));
    }
    assert_eq!(Event::from_json(&json!({ "event": "other" })), None);
}

#[test]
fn all_that_linkers_tell_is_heard_before_the_end() {
    let (listener, told) = Listener::new().unwrap();
    let mut cargo = Command::new("cargo");
    listener.attach(&mut cargo);
    let address = cargo.get_envs().find(|(name, _)| *name == VARIABLE).unwrap().1.unwrap();

    let module = tempfile::NamedTempFile::new().unwrap();
    fs::write(module.path(), "seven b").unwrap();
    let mut events = Events::start_at(address.to_str(), module.path());
    events.phase(Phase::Asyncify);
    events.phase(Phase::Verify);
    events.finish(figures());
    Events::start_at(address.to_str(), "nowhere.wasm".as_ref()).failed("not there");
    // One linker that has nothing to do, and one without a listener.
    drop(Events::start_at(address.to_str(), module.path()));
    Events::start_at(None, module.path()).failed("not heard");
    listener.end();

    // `end` may have made one more connection.
    let mut heard: Vec<Told> = told.iter().filter(|told| told.linker < 3).collect();
    heard.sort_by_key(|told| told.linker);
    let name = module.path().display().to_string();
    let start = |module: &str, bytes| Event::Start { module: module.to_owned(), bytes };
    let Some(Event::Finish { seconds, .. }) = &heard[3].event else { panic!("{heard:?}") };
    assert_eq!(seconds.iter().map(|(phase, _)| *phase).collect::<Vec<_>>(), Phase::ALL[1..]);
    let expected = [
        (0, Some(start(&name, 7))),
        (0, Some(Event::Phase(Phase::Asyncify))),
        (0, Some(Event::Phase(Phase::Verify))),
        (0, Some(Event::Finish { figures: figures(), seconds: seconds.clone() })),
        (0, None),
        (1, Some(start("nowhere.wasm", 0))),
        (1, Some(Event::Failed("not there".into()))),
        (1, None),
        (2, Some(start(&name, 7))),
        (2, None),
    ];
    let expected = expected.map(|(linker, event)| Told { linker, event });
    assert_eq!(heard, expected);
}

/// The output for these events, each at so many milliseconds after the beginning. An entry without an event is a
/// tick.
fn shown(style: Style, events: &[(u64, u64, Option<Event>)]) -> String {
    let mut out = Vec::new();
    let mut display = Display::new(&mut out, style);
    let beginning = Instant::now();
    for (after, linker, event) in events {
        let now = beginning + Duration::from_millis(*after);
        match event {
            Some(_) => {
                let told = Told { linker: *linker, event: event.clone() };
                display.hear(&told, now).unwrap();
            }
            None => display.tick(now).unwrap(),
        }
    }
    display.end().unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: Style = Style { live: false, colour: false };
const LIVE: Style = Style { live: true, colour: false };

#[test]
fn where_lines_stay_there_is_one_when_it_takes_long_and_one_at_the_end() {
    let long = [(0, 0, Some(start())), (999, 0, None), (1000, 0, None), (9000, 0, None)];
    let begun = "    Asyncify demo.wasm (1.2 MB)\n";
    assert_eq!(shown(PLAIN, &long[..2]), "");
    assert_eq!(shown(PLAIN, &long), begun);

    let done = "  Asyncified demo.wasm: 85 of 1,166 functions, 1.2 MB to 1.3 MB in 4.2 s\n";
    let end = [(4200, 0, Some(finish(figures())))];
    assert_eq!(shown(PLAIN, &[&long[..3], &end].concat()), format!("{begun}{done}"));
    assert_eq!(shown(PLAIN, &[&long[..1], &end].concat()), done);

    let colourful = shown(Style { live: false, colour: true }, &long);
    assert_eq!(colourful, "\x1b[1m\x1b[92m    Asyncify\x1b[0m demo.wasm (1.2 MB)\n");
}

#[test]
fn what_was_done_is_told_in_few_words() {
    let told = |figures| {
        let all = shown(PLAIN, &[(0, 0, Some(start())), (100, 0, Some(finish(figures)))]);
        all.trim_start_matches("  Asyncified demo.wasm: ").trim_end().to_owned()
    };
    assert_eq!(told(figures()), "85 of 1,166 functions, 1.2 MB to 1.3 MB in 0.1 s");
    let reused = Figures { reused: true, ..figures() };
    assert_eq!(told(reused), "85 of 1,166 functions, 1.2 MB to 1.3 MB, as before");
    let larger = Figures { reused: true, lacks_wasm_opt: true, ..figures() };
    assert_eq!(
        told(larger),
        "85 of 1,166 functions, 1.2 MB to 1.3 MB, as before; without wasm-opt, which `cargo \
         bysyncify setup` installs, it is larger than need be"
    );
    let smaller = Figures { bytes_after: 600_000, counts: None, ..figures() };
    assert_eq!(told(smaller), "1.2 MB to 600 kB in 0.1 s");
    let counts = Some(Counts { functions: 1_234_567, instrumented: 0 });
    assert_eq!(
        told(Figures { counts, ..figures() }),
        "0 of 1,234,567 functions, 1.2 MB to 1.3 MB in 0.1 s"
    );
}

#[test]
fn line_that_changes_is_gone_in_the_end() {
    let other = Event::Start { module: "a-b.wasm".into(), bytes: 93_400 };
    assert_eq!(
        shown(
            LIVE,
            &[
                (0, 0, Some(start())),
                (100, 1, Some(other)),
                (900, 0, Some(Event::Phase(Phase::Asyncify))),
                (1050, 0, None),
                (1200, 0, None),
                (1300, 0, None),
                (4200, 0, Some(finish(figures()))),
                (4300, 1, Some(Event::Phase(Phase::Verify))),
                (5000, 1, Some(Event::Failed("no".into()))),
            ]
        ),
        "\r\x1b[K    Asyncify demo.wasm (1.2 MB): asyncify, 1 s\r\
         \r\x1b[K    Asyncify demo.wasm (1.2 MB): asyncify, 1 s, and 1 more\r\
         \r\x1b[K  Asyncified demo.wasm: 85 of 1,166 functions, 1.2 MB to 1.3 MB in 4.2 s\n\
         \r\x1b[K    Asyncify a-b.wasm (93 kB): 4 s\r\
         \r\x1b[K    Asyncify a-b.wasm (93 kB): verify, 4 s\r\
         \r\x1b[K\r"
    );
    // A linker that has just ended, perhaps by Ctrl-C; and one whose end does not arrive.
    let gone = "\r\x1b[K    Asyncify demo.wasm (1.2 MB): 2 s\r\r\x1b[K\r";
    let long = [(0, 0, Some(start())), (2000, 0, None)];
    assert_eq!(shown(LIVE, &long), gone);
    let mut out = Vec::new();
    let mut display = Display::new(&mut out, LIVE);
    let now = Instant::now();
    display.hear(&Told { linker: 0, event: Some(start()) }, now).unwrap();
    display.tick(now + Duration::from_secs(2)).unwrap();
    display.hear(&Told { linker: 0, event: None }, now).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), gone);
}

#[test]
fn messages_have_all_figures_and_name_the_module() {
    let mut messages = Messages::default();
    let mut hear = |event| messages.hear(&Told { linker: 0, event: Some(event) });
    let module = "/t/deps/demo-0123456789abcdef.wasm";
    assert_eq!(hear(start()), None);
    assert_eq!(hear(Event::Phase(Phase::Analyse)), None);
    assert_eq!(
        hear(finish(figures())),
        Some(json!({
            "reason": "bysyncify-module",
            "module": module,
            "bytes_before": 1_200_000,
            "bytes_after": 1_337_200,
            "functions": 1166,
            "instrumented": 85,
            "seconds": { "analyse": 0.12 },
            "reused": false,
            "lacks_wasm_opt": false,
        }))
    );
    assert_eq!(
        hear(Event::Failed("why".into())),
        Some(json!({ "reason": "bysyncify-error", "module": module, "message": "why" }))
    );
}
