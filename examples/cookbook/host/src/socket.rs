//! Connections like those of `std::net`: reading and writing wait.

use std::io::{self, Read, Write};

use bysyncify::embed;

use crate::Request;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    // These return at once. Later the host calls `room`, and then `complete`.
    fn connect(id: u32, host: *const u8, len: usize, port: u16);
    safe fn listen(id: u32, port: u16);
    safe fn accept(id: u32, listener: u32);
    safe fn receive(id: u32, socket: u32, most: usize);
    fn transmit(id: u32, socket: u32, bytes: *const u8, len: usize);
    /// For a socket, or for a listener.
    safe fn close(it: u32);
}

/// A connection.
pub struct Socket(u32);

impl Socket {
    /// Connects to a port of a host.
    pub fn connect(host: &str, port: u16) -> io::Result<Self> {
        // SAFETY: a text.
        let answer = Request::begin(|id| unsafe { connect(id, host.as_ptr(), host.len(), port) });
        Ok(Self(number(&embed(answer)?)?))
    }
}

impl Read for Socket {
    /// Waits for bytes, or for the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = embed(Request::begin(|id| receive(id, self.0, buffer.len())))?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Write for Socket {
    /// Waits until the system has taken all of the bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // SAFETY: a slice, which the host copies.
        let begin = |id| unsafe { transmit(id, self.0, bytes.as_ptr(), bytes.len()) };
        embed(Request::begin(begin))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// A port that accepts connections.
pub struct Listener {
    id: u32,
    port: u16,
}

impl Listener {
    /// Listens on a port of this machine; if that is 0, on one that the host chooses.
    pub fn bind(port: u16) -> io::Result<Self> {
        let answer = embed(Request::begin(|id| listen(id, port)))?;
        let (id, port) = answer.split_at(answer.iter().position(|&byte| byte == b' ').unwrap_or(0));
        Ok(Self { id: number(id)?, port: number(port)? as u16 })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for a connection.
    pub fn accept(&self) -> io::Result<Socket> {
        Ok(Socket(number(&embed(Request::begin(|id| accept(id, self.id)))?)?))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        close(self.id);
    }
}

/// Parses a number in an answer of the host.
fn number(text: &[u8]) -> io::Result<u32> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| io::Error::other("the host has answered with no number"))
}
