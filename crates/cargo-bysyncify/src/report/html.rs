//! The report as one HTML page. It loads no other file, and shows the map without JavaScript, too.

use std::cmp::Reverse;
use std::fmt::Write as _;

use serde_json::Value;

use super::advice::Advice;
use super::model::{Bytes, Crate, Function, Report};
use super::numbers::{grouped, signed};
use super::treemap::{Rectangle, layout};
use wasm_asyncify::module::FunctionIndex;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The approximate size of the map in pixels. It is stretched to the available size.
const MAP: Rectangle = Rectangle { x: 0.0, y: 0.0, width: 900.0, height: 640.0 };
/// The height of the line with a crate's name.
const HEADING: f64 = 18.0;
/// The smallest size of a crate that has such a line, and of a function that has its name in it.
const ROOM_FOR_HEADING: (f64, f64) = (44.0, 34.0);
const ROOM_FOR_NAME: (f64, f64) = (34.0, 15.0);

/// Writes the page. `json` is the result of [`json`](super::json::json).
pub(super) fn html(report: &Report<'_>, advice: &[Advice], json: &Value) -> String {
    let summary: String =
        report.summary().iter().map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
    // Escaped, so that no name can end the element that it is in.
    let data = json.to_string().replace('<', "\\u003c");
    let mut crates = report.crates();
    crates.sort_by_key(|krate| (Reverse(krate.bytes.with), krate.name.clone()));
    let parts = [
        ("{{style}}", STYLE),
        ("{{title}}", &escaped(&report.module)),
        ("{{summary}}", &summary),
        ("{{map}}", &map(report, &crates)),
        ("{{crates}}", &crate_rows(report, &crates)),
        ("{{advice}}", &advice_rows(advice)),
        ("{{functions}}", &function_rows(report)),
        ("{{data}}", &data),
        ("{{script}}", SCRIPT),
    ];
    // Inserted text is not searched for marks: a name may have braces in it.
    let mut page = String::new();
    let mut rest = PAGE;
    for (mark, part) in parts {
        let (before, after) = rest.split_once(mark).expect("the page has its marks in this order");
        page.push_str(before);
        page.push_str(part);
        rest = after;
    }
    page + rest
}

fn map(report: &Report<'_>, crates: &[Crate]) -> String {
    let crates: Vec<_> = crates.iter().filter(|krate| krate.bytes.with > 0).collect();
    let sizes: Vec<_> = crates.iter().map(|krate| krate.bytes.with).collect();
    let mut html = String::new();
    for (krate, place) in crates.iter().zip(layout(&sizes, MAP)) {
        let has_heading = fits(place, ROOM_FOR_HEADING);
        let top = if has_heading { HEADING } else { 0.0 };
        let inner = Rectangle { x: 0.0, y: 0.0, width: place.width, height: place.height - top };
        let class = if has_heading { "crate" } else { "crate small" };
        let _ = writeln!(html, "<section class=\"{class}\" style=\"{}\">", style(place, MAP));
        if has_heading {
            let Bytes { with, .. } = krate.bytes;
            let name = escaped(&krate.name);
            let _ = writeln!(html, "<h3>{name} <small>{}</small></h3>", grouped(with));
        }
        html.push_str("<div>\n");
        let mut functions: Vec<_> = report
            .present()
            .filter(|(_, it)| it.krate == krate.name && it.bytes.with > 0)
            .collect();
        functions.sort_by_key(|(_, function)| (Reverse(function.bytes.with), &function.name));
        let sizes: Vec<_> = functions.iter().map(|(_, it)| it.bytes.with).collect();
        for ((index, function), place) in functions.into_iter().zip(layout(&sizes, inner)) {
            cell(&mut html, index, function, place, inner);
        }
        html.push_str("</div></section>\n");
    }
    html
}

/// Adds one function to the map. An instrumented one also shows the share that Asyncify has added.
fn cell(
    html: &mut String,
    index: FunctionIndex,
    function: &Function,
    place: Rectangle,
    within: Rectangle,
) {
    let Bytes { with, .. } = function.bytes;
    let (class, mark) = if function.is_instrumented { (" on", ", instrumented") } else { ("", "") };
    let _ = write!(
        html,
        "<button class=\"cell{class}\" tabindex=\"-1\" data-id=\"{index}\" style=\"{}\" \
         aria-label=\"{}, {} bytes{mark}\">",
        style(place, within),
        escaped(&function.name),
        grouped(with),
    );
    if function.is_instrumented && function.bytes.cost() > 0 {
        let share = function.bytes.cost() as f64 * 100.0 / with as f64;
        let _ = write!(html, "<i style=\"height:{share:.1}%\"></i>");
    }
    if fits(place, ROOM_FOR_NAME) {
        let _ = write!(html, "<span>{}</span>", escaped(short(&function.name)));
    }
    html.push_str("</button>\n");
}

fn crate_rows(report: &Report<'_>, crates: &[Crate]) -> String {
    let row = |name: &str, counts: [String; 2], bytes| {
        let [functions, instrumented] = counts;
        format!(
            "<tr><th scope=\"row\">{}</th><td>{functions}</td><td>{instrumented}</td>{}</tr>\n",
            escaped(name),
            columns(bytes)
        )
    };
    let counts =
        |krate: &Crate| [grouped(krate.functions as u64), grouped(krate.instrumented as u64)];
    let mut html: String =
        crates.iter().map(|krate| row(&krate.name, counts(krate), krate.bytes)).collect();
    html += &row("data and the rest", [String::new(), String::new()], report.rest);
    html += &row("total", counts(&report.all()), report.total());
    html
}

/// Makes the rows of the functions whose size has changed.
fn function_rows(report: &Report<'_>) -> String {
    let mut functions: Vec<_> =
        report.present().filter(|(_, function)| function.bytes.cost() != 0).collect();
    functions.sort_by_key(|(_, function)| (-function.bytes.cost(), &function.name));
    let row = |(index, function): (FunctionIndex, &Function)| {
        let class = if function.is_instrumented { " class=\"on\"" } else { "" };
        format!(
            "<tr{class}><th scope=\"row\"><button data-id=\"{index}\">{}</button></th>{}</tr>\n",
            breakable(&function.name),
            columns(function.bytes)
        )
    };
    functions.into_iter().map(row).collect()
}

fn columns(bytes: Bytes) -> String {
    let Bytes { without, with } = bytes;
    let cost = signed(bytes.cost());
    format!("<td>{}</td><td>{}</td><td>{cost}</td>", grouped(without), grouped(with))
}

fn advice_rows(advice: &[Advice]) -> String {
    if advice.is_empty() {
        return "<tr><th scope=\"row\">none</th><td>0</td><td>0</td></tr>\n".to_owned();
    }
    let row = |Advice { path, functions, bytes, since }: &Advice| {
        format!(
            "<tr><th scope=\"row\"><code>--assume-no-suspend {}</code><small>since {}</small></th>\
             <td>{}</td><td>{}</td></tr>\n",
            escaped(path),
            breakable(since),
            grouped(*functions as u64),
            signed(-bytes)
        )
    };
    advice.iter().map(row).collect()
}

fn fits(place: Rectangle, (width, height): (f64, f64)) -> bool {
    place.width >= width && place.height >= height
}

/// The position and size of a rectangle within another one, in per cent, for CSS.
fn style(place: Rectangle, within: Rectangle) -> String {
    let percent = |part: f64, whole: f64| format!("{:.2}%", part * 100.0 / whole);
    format!(
        "left:{};top:{};width:{};height:{}",
        percent(place.x, within.width),
        percent(place.y, within.height),
        percent(place.width, within.width),
        percent(place.height, within.height)
    )
}

/// A function's own name, without its path.
fn short(name: &str) -> &str {
    let mut depth = 0;
    let mut start = 0;
    for (at, c) in name.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' | ')' | ']' | '}' => depth -= 1,
            // Items in a function, and generic arguments, need the name before them.
            ':' if depth == 0 && name[at..].starts_with("::") => {
                let next = &name[at + 2..];
                if !next.starts_with(['{', '<']) {
                    start = at + 2;
                }
            }
            _ => {}
        }
    }
    &name[start..]
}

/// Allows a line break after each `::` in a name, or in several.
fn breakable(name: &str) -> String {
    escaped(name).replace("::", "::<wbr>")
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_is_called_by_what_comes_last() {
        for (name, expected) in [
            ("core::fmt::write", "write"),
            ("<T as a::X>::f", "f"),
            ("a::<impl b::C for d::E>::f", "f"),
            ("a::b::{{closure}}", "b::{{closure}}"),
            ("a::b::{closure#0}", "b::{closure#0}"),
            ("a::b::<c::D>", "b::<c::D>"),
            ("a::b<c::D>", "b<c::D>"),
            ("memcpy", "memcpy"),
        ] {
            assert_eq!(short(name), expected);
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("<&T as X<\"a\">>::f"), "&lt;&amp;T as X&lt;&quot;a&quot;&gt;&gt;::f");
    }
}
