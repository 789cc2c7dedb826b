//! Queries a Parquet file on a web server: the sales of a day. The file's footer says which groups of rows can have
//! that day in them. Two columns of these groups are fetched, and nothing else.
//!
//! `cookbook-parquet URL DAY` makes the query. `cookbook-parquet --make` makes a file.

use std::error::Error;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use cookbook_host::{self as host, RemoteFile};
use parquet::basic::Compression;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArrayType, Int32Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{
    ChunkReader, FileReader, Length, RowGroupReader, SerializedFileReader,
};
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

const BLOCK_SIZE: usize = 32 * 1024;

fn main() {
    host::run(STACK_SIZE, || match host::argument(0).as_deref() {
        Some("--make") => make(),
        Some(url) => ask(url, host::argument(1).unwrap_or_default().parse()?),
        None => Err("pass the address of a file, and a day".into()),
    });
}

/// The file, as the crate `parquet` wants it. Its `Read` waits.
struct Table(RemoteFile);

impl Length for Table {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Table {
    type T = RemoteFile;

    fn get_read(&self, start: u64) -> ParquetResult<RemoteFile> {
        let mut file = self.0.clone();
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let mut bytes = vec![0; length];
        self.get_read(start)?.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// The columns.
const SCHEMA: &str = "message orders {
    required int32 day;
    required int32 cents;
    required binary note (utf8);
}";
const DAY: usize = 0;
const CENTS: usize = 1;

/// Prints the sales of a day, and how much was fetched for that.
fn ask(url: &str, day: i32) -> Result<(), Box<dyn Error>> {
    let file = RemoteFile::open(url, BLOCK_SIZE)?;
    let table = SerializedFileReader::new(Table(file.clone()))?;
    let groups = table.metadata().row_groups();
    let (mut read, mut orders, mut cents) = (0, 0, 0);
    for (index, group) in groups.iter().enumerate() {
        if !can_have(group.column(DAY), day) {
            continue;
        }
        read += 1;
        let group = table.get_row_group(index)?;
        for (_, price) in numbers(&*group, DAY)?
            .into_iter()
            .zip(numbers(&*group, CENTS)?)
            .filter(|(of_day, _)| *of_day == day)
        {
            orders += 1;
            cents += i64::from(price);
        }
    }
    let groups = groups.len();
    host::print(&format!("day {day}: {orders} orders, {:.2}", cents as f64 / 100.0));
    host::print(&format!("{read} of {groups} groups of rows, {}", file.fetched()));
    Ok(())
}

/// Whether a number can be in this part of a column, according to the file's footer.
fn can_have(column: &ColumnChunkMetaData, number: i32) -> bool {
    let Some(Statistics::Int32(known)) = column.statistics() else { return true };
    known.min_opt().is_none_or(|min| *min <= number)
        && known.max_opt().is_none_or(|max| *max >= number)
}

/// Reads a column's part of a group of rows.
fn numbers(group: &dyn RowGroupReader, column: usize) -> ParquetResult<Vec<i32>> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(usize::MAX);
    let mut reader = get_typed_column_reader::<Int32Type>(group.get_column_reader(column)?);
    let mut numbers = Vec::new();
    reader.read_records(rows, None, None, &mut numbers)?;
    Ok(numbers)
}

const GROUPS: i32 = 20;
const ROWS_OF_GROUP: i32 = 50_000;

/// Makes a file, for the host to save: a year's orders, by day. Always the same ones.
fn make() -> Result<(), Box<dyn Error>> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    for group in 0..GROUPS {
        let rows = group * ROWS_OF_GROUP..(group + 1) * ROWS_OF_GROUP;
        let random = |row: i32| ((row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as i32;
        let days: Vec<i32> =
            rows.clone().map(|row| row / (GROUPS * ROWS_OF_GROUP / 365 + 1)).collect();
        let cents: Vec<i32> = rows.clone().map(|row| 100 + random(row) % 99_900).collect();
        let notes = rows.map(|row| {
            format!("order {row}, to be delivered to {:x}", random(row)).into_bytes().into()
        });
        let notes: Vec<_> = notes.collect();

        let mut group = file.next_row_group()?;
        for numbers in [days, cents] {
            let mut column = group.next_column()?.ok_or("a column is missing")?;
            column.typed::<Int32Type>().write_batch(&numbers, None, None)?;
            column.close()?;
        }
        let mut column = group.next_column()?.ok_or("a column is missing")?;
        column.typed::<ByteArrayType>().write_batch(&notes, None, None)?;
        column.close()?;
        group.close()?;
    }
    host::save(&file.into_inner()?);
    Ok(())
}
