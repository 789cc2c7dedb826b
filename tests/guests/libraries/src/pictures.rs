//! `png`.

use guest_support::tests;
use png::{BitDepth, ColorType, Decoder, Encoder};

use crate::ways::{Input, in_memory, read_in_all_ways, write_in_all_ways};

/// Interlaced, with an alpha channel.
const PICTURE: &[u8] = include_bytes!("../data/picture.png");

fn decode(input: Box<dyn Input>) -> Vec<u8> {
    let mut reader = Decoder::new(input).read_info().expect("a header");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    assert_eq!((info.width, info.height), (97, 61));
    assert_eq!((info.color_type, info.bit_depth), (ColorType::Rgba, BitDepth::Eight));
    pixels
}

fn encode(pixels: &[u8], output: impl std::io::Write) {
    let mut encoder = Encoder::new(output, 97, 61);
    encoder.set_color(ColorType::Rgba);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(pixels).expect("a picture");
    writer.finish().expect("an end");
}

tests! {
    fn a_picture_is_decoded() {
        let pixels = read_in_all_ways(PICTURE, decode);
        assert_eq!(pixels.len(), 97 * 61 * 4);
        // The alpha channel follows the formula that it was made with: it increases from left to right.
        assert!(pixels.chunks(4).enumerate().all(|(at, pixel)| pixel[3] as usize == at % 97 * 255 / 97));
    }

    fn a_picture_is_encoded() {
        let encoded = write_in_all_ways(|output| {
            encode(&decode(in_memory(PICTURE)), output);
        });
        let pixels = decode(in_memory(encoded.leak()));
        assert!(pixels == decode(in_memory(PICTURE)));
    }
}
