//! Adds up one sheet of a workbook on a web server. An `xlsx` file is an archive. Only its directory, the texts that
//! all sheets share, and that sheet are fetched.
//!
//! `cookbook-calamine URL SHEET` adds up a sheet. `cookbook-calamine --make` makes a workbook.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Cursor, Write};

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use cookbook_host::{self as host, RemoteFile};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

const BLOCK_SIZE: usize = 16 * 1024;

fn main() {
    host::run(STACK_SIZE, || match host::argument(0).as_deref() {
        Some("--make") => make(),
        Some(url) => add_up(url, &host::argument(1).unwrap_or_default()),
        None => Err("pass the address of a workbook, and the name of a sheet".into()),
    });
}

/// Adds up the second column for each value of the first.
fn add_up(url: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let file = RemoteFile::open(url, BLOCK_SIZE)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(file.clone())?;
    let sheet = book.worksheet_range(name)?;
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for row in sheet.rows().skip(1) {
        if let [Data::String(what), Data::Float(amount), ..] = row {
            *sums.entry(what).or_default() += amount;
        }
    }
    for (what, sum) in &sums {
        host::print(&format!("{what:<8} {sum:>12.2}"));
    }
    let names = book.sheet_names().join(", ");
    host::print(&format!("{} rows of {name}, beside {names}", sheet.height() - 1));
    host::print(&file.fetched());
    Ok(())
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const GOODS: [&str; 4] = ["bread", "butter", "coffee", "tea"];

/// The number of rows in the sheet of each month. They are always the same.
const ROWS: u64 = 30_000;

/// Makes a workbook, for the host to save.
fn make() -> Result<(), Box<dyn Error>> {
    const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

    let numbered = |text: &dyn Fn(usize, &str) -> String| -> String {
        MONTHS.iter().enumerate().map(|(index, month)| text(index + 1, month)).collect()
    };
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, xml: &str| -> Result<(), Box<dyn Error>> {
        archive.start_file(name, SimpleFileOptions::default())?;
        Ok(archive.write_all(format!("{HEAD}\n{xml}").as_bytes())?)
    };
    let parts = numbered(&|n, _| {
        format!(
            r#"<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{TYPE}.worksheet+xml"/>"#
        )
    });
    add(
        "[Content_Types].xml",
        &format!(
            r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/>{parts}</Types>"#
        ),
    )?;
    add(
        "_rels/.rels",
        &format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    )?;
    let sheets =
        numbered(&|n, month| format!(r#"<sheet name="{month}" sheetId="{n}" r:id="rId{n}"/>"#));
    add(
        "xl/workbook.xml",
        &format!(
            r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>"#
        ),
    )?;
    let targets = numbered(&|n, _| {
        format!(
            r#"<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>"#
        )
    });
    add(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships">{targets}<Relationship Id="rId99" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
        ),
    )?;
    let texts: String = ["goods", "price"]
        .iter()
        .chain(&GOODS)
        .map(|text| format!("<si><t>{text}</t></si>"))
        .collect();
    add(
        "xl/sharedStrings.xml",
        &format!(r#"<sst xmlns="{MAIN}" count="6" uniqueCount="6">{texts}</sst>"#),
    )?;
    for month in 1..=MONTHS.len() as u64 {
        let mut rows =
            r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>"#
                .to_owned();
        for row in 2..ROWS + 2 {
            let random = (row * month).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            let (text, cents) = (2 + (random >> 17) % GOODS.len() as u64, random % 100_000);
            rows.push_str(&format!(
                r#"<row r="{row}"><c r="A{row}" t="s"><v>{text}</v></c><c r="B{row}"><v>{}.{:02}</v></c></row>"#,
                cents / 100,
                cents % 100
            ));
        }
        add(
            &format!("xl/worksheets/sheet{month}.xml"),
            &format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
        )?;
    }
    host::save(&archive.finish()?.into_inner());
    Ok(())
}
