//! `csv` and `serde_json`.

use std::io::BufReader;

use csv::StringRecord;
use guest_support::tests;
use serde_json::Value;

use crate::ways::{read_in_all_ways, write_in_all_ways};

const PACKAGES_CSV: &[u8] = include_bytes!("../data/packages.csv");
const PACKAGES_JSON: &[u8] = include_bytes!("../data/packages.json");

fn records() -> Vec<StringRecord> {
    csv::Reader::from_reader(PACKAGES_CSV)
        .into_records()
        .collect::<Result<_, _>>()
        .expect("records")
}

tests! {
    fn records_are_read() {
        let records = read_in_all_ways(PACKAGES_CSV, |input| {
            let mut reader = csv::ReaderBuilder::new().buffer_capacity(16).from_reader(input);
            let headers = reader.headers().expect("headers").clone();
            (headers, reader.into_records().collect::<Result<Vec<_>, _>>().expect("records"))
        });
        assert_eq!(&records.0, &["name", "version", "checksum", "dependencies"][..]);
        // Some records have line breaks in a field.
        assert!(PACKAGES_CSV.split(|byte| *byte == b'\n').count() > records.1.len() + 10);
        assert!(records.1 == self::records());
    }

    fn records_are_written() {
        let written = write_in_all_ways(|output| {
            let mut writer = csv::WriterBuilder::new().buffer_capacity(16).from_writer(output);
            writer.write_record(["name", "version", "checksum", "dependencies"]).expect("headers");
            records().iter().for_each(|it| writer.write_record(it).expect("a record"));
            writer.flush().expect("all of it");
        });
        let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        assert!(lines(&written) == lines(PACKAGES_CSV));
    }

    fn json_is_read() {
        let json = read_in_all_ways(PACKAGES_JSON, |input| {
            serde_json::from_reader::<_, Value>(input).expect("JSON")
        });
        assert!(json == serde_json::from_slice::<Value>(PACKAGES_JSON).expect("JSON"));
        assert_eq!(json.as_array().map(Vec::len), Some(197));
    }

    fn json_is_read_as_a_stream() {
        let names = read_in_all_ways(b"{\"name\":\"a\"} [1, 2]\n\n3 \"f\\u00fcnf\" null ", |input| {
            let values = serde_json::Deserializer::from_reader(BufReader::new(input)).into_iter();
            values.collect::<Result<Vec<Value>, _>>().expect("JSON")
        });
        assert_eq!(names.len(), 5);
    }

    fn json_is_written() {
        let written = write_in_all_ways(|output| {
            let json: Value = serde_json::from_slice(PACKAGES_JSON).expect("JSON");
            serde_json::to_writer_pretty(output, &json).expect("it is written");
        });
        let [ours, theirs] = [&*written, PACKAGES_JSON].map(serde_json::from_slice::<Value>);
        assert!(ours.expect("JSON") == theirs.expect("JSON"));
    }
}
