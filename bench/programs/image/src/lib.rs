//! A program to measure: reads a PNG, and makes a JPEG and a smaller PNG of it.
//!
//! It waits in the middle of inflating a scan line. Most of its time goes by in loops over pixels
//! that never wait.

use std::error::Error;
use std::io::Cursor;

use bench_support::{Source, program};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageFormat, ImageReader};

program!(convert);

/// How wide and how high the PNG is at the most.
const SIZE: u32 = 160;

fn convert(source: Source) -> Vec<u8> {
    encode(source).expect("the input is well formed")
}

/// The smaller image as PNG, and all of it as JPEG behind.
fn encode(source: Source) -> Result<Vec<u8>, Box<dyn Error>> {
    let image = ImageReader::new(source).with_guessed_format()?.decode()?;
    let small = image.resize(SIZE, SIZE, FilterType::Lanczos3).unsharpen(1.0, 2);
    let mut written = Cursor::new(Vec::new());
    small.write_to(&mut written, ImageFormat::Png)?;
    JpegEncoder::new_with_quality(&mut written, 85).encode_image(&image)?;
    Ok(written.into_inner())
}
