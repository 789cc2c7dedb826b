//! Prints the tags, the length and the waveform of an audio file on a web server. `lofty` reads the tags, and
//! `symphonia` decodes a moment of the music for each bar of the waveform. Only a small part of the file is fetched.
//!
//! `cookbook-audio URL` shows them. `cookbook-audio --make` makes ten minutes of a tone.

use std::error::Error;
use std::f64::consts::TAU;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use cookbook_host::{self as host, RemoteFile};
use lofty::config::WriteOptions;
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::probe::Probe;
use lofty::tag::{Accessor, Tag, TagType};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};
use symphonia::core::units::Time;

/// The size of the stack. `COOKBOOK_STATS=1` prints how much of it was used.
const STACK_SIZE: usize = 256 * 1024;

const BLOCK_SIZE: usize = 16 * 1024;

/// How many bars the waveform has, and how many samples are decoded for each.
const BARS: u32 = 60;
const SAMPLES: usize = 4096;

fn main() {
    host::run(STACK_SIZE, || match host::argument(0).as_deref() {
        Some("--make") => make(),
        Some(url) => show(url),
        None => Err("pass the address of an audio file".into()),
    });
}

fn show(url: &str) -> Result<(), Box<dyn Error>> {
    let file = RemoteFile::open(url, BLOCK_SIZE)?;
    let described = Probe::new(file.clone()).guess_file_type()?.read()?;
    if let Some(tag) = described.primary_tag().or_else(|| described.first_tag()) {
        let what = [tag.artist(), tag.title(), tag.album()];
        host::print(&what.iter().flatten().map(AsRef::as_ref).collect::<Vec<_>>().join(" - "));
    }
    let properties = described.properties();
    let length = properties.duration();
    host::print(&format!(
        "{:?}, {} Hz, {}:{:04.1}",
        described.file_type(),
        properties.sample_rate().unwrap_or(0),
        length.as_secs() / 60,
        length.as_secs_f64() % 60.0,
    ));
    host::print(&format!("tags: {}", file.fetched()));
    host::print(&waveform(file.clone(), length.as_secs_f64())?);
    host::print(&format!("in all: {}", file.fetched()));
    Ok(())
}

/// A file that can be read at any place, for symphonia.
struct Source(RemoteFile);

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.0.len())
    }
}

/// Draws the loudness at [`BARS`] places.
fn waveform(file: RemoteFile, seconds: f64) -> Result<String, SymphoniaError> {
    let stream = MediaSourceStream::new(Box::new(Source(file)), Default::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe.probe(&Hint::new(), stream, Default::default(), Default::default())?;
    let mut bars = String::new();
    for bar in 0..BARS {
        let seconds = seconds * (f64::from(bar) + 0.5) / f64::from(BARS);
        let time = Time::try_from_secs_f64(seconds).unwrap_or_default();
        let height = loudness(&mut *format, time)? * 8.0;
        bars.push([' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][(height.round() as usize).min(8)]);
    }
    Ok(bars)
}

/// Returns the highest sample from a moment on. This function waits.
fn loudness(format: &mut dyn FormatReader, time: Time) -> Result<f32, SymphoniaError> {
    let nothing = SymphoniaError::Unsupported("there is no audio track");
    let track = format.default_track(TrackType::Audio).ok_or(nothing)?;
    let (id, parameters) = (track.id, track.codec_params.clone());
    let parameters = parameters.as_ref().and_then(|it| it.audio());
    let nothing = SymphoniaError::Unsupported("nothing says how it is coded");
    let codecs = symphonia::default::get_codecs();
    let mut decoder = codecs.make_audio_decoder(parameters.ok_or(nothing)?, &Default::default())?;
    format.seek(SeekMode::Coarse, SeekTo::Time { time, track_id: Some(id) })?;
    let (mut samples, mut decoded) = (Vec::<f32>::new(), Vec::new());
    while samples.len() < SAMPLES {
        let Some(packet) = format.next_packet()? else { break };
        if packet.track_id == id {
            decoder.decode(&packet)?.copy_to_vec_interleaved(&mut decoded);
            samples.append(&mut decoded);
        }
    }
    Ok(samples.iter().fold(0.0, |most, sample| most.max(sample.abs())))
}

const RATE: u32 = 44_100;
const SECONDS: u32 = 600;

/// Makes a file, for the host to save: a tone that swells and fades, with a tag.
fn make() -> Result<(), Box<dyn Error>> {
    let len = RATE * SECONDS * 2;
    let mut wav = Vec::with_capacity(len as usize + 1024);
    wav.extend(b"RIFF");
    wav.extend((36 + len).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    // 16 bytes: PCM, one channel, samples and bytes per second, two bytes of 16 bits for each sample.
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([RATE, 2 * RATE].map(u32::to_le_bytes).concat());
    wav.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend(len.to_le_bytes());
    for sample in 0..RATE * SECONDS {
        let seconds = f64::from(sample) / f64::from(RATE);
        let loud = 0.5 - 0.5 * (TAU * seconds / 120.0).cos();
        wav.extend(((loud * (TAU * 440.0 * seconds).sin() * 32_000.0) as i16).to_le_bytes());
    }
    let mut tag = Tag::new(TagType::RiffInfo);
    tag.set_title("Five Swells".to_owned());
    tag.set_artist("A Tuning Fork".to_owned());
    let mut file = Cursor::new(wav);
    let mut described = Probe::new(&mut file).guess_file_type()?.read()?;
    described.insert_tag(tag);
    file.set_position(0);
    described.save_to(&mut file, WriteOptions::default())?;
    host::save(&file.into_inner());
    Ok(())
}
