//! Waits in the host, for streams or for a time.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::time::Duration;
use std::thread;

/// The operation that a stream must be ready for, without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

/// A stream, and the operation that it must be ready for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) descriptor: c_int,
    pub(super) direction: Direction,
}

/// The number of a wait that has not ended, in the order of their creation.
pub(super) type Id = u64;

/// Waits until a stream is ready, or until `timeout` has passed, if there is one. Returns the streams that are
/// ready.
///
/// A descriptor that is not open is ready: reading then fails. All descriptors are ready if the host cannot wait
/// for one of them: reading then waits.
pub(super) fn wait(streams: &[(Id, Stream)], timeout: Option<Duration>) -> Vec<Id> {
    if streams.is_empty() {
        // `sleep` is exact to the nanosecond; `poll` below counts milliseconds.
        timeout.filter(|it| !it.is_zero()).into_iter().for_each(thread::sleep);
        return Vec::new();
    }
    let ready = poll(streams, timeout.map_or(-1, in_milliseconds));
    streams.iter().zip(ready).filter(|(_, is_ready)| *is_ready).map(|((id, _), _)| *id).collect()
}

/// Rounded up, so that no timer is woken too early, to wait again at once.
fn in_milliseconds(timeout: Duration) -> c_int {
    timeout.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(c_int::MAX)
}

/// `poll` of wasi-libc, which the standard library is linked with: `poll_oneoff` on WASI's first
/// edition, `wasi:io/poll` on the second.
///
/// Descriptors that are not open are not passed to it. For these, Node's `poll_oneoff` returns at once and reports
/// nothing, so that `block_on` would call it forever. And `wasi:io/poll` traps if there is nothing else to wait
/// for.
#[cfg(target_os = "wasi")]
fn poll(streams: &[(Id, Stream)], timeout: c_int) -> Vec<bool> {
    let is_open: Vec<bool> = streams.iter().map(|(_, it)| is_open(it.descriptor)).collect();
    let mut asked: Vec<_> = streams
        .iter()
        .zip(&is_open)
        .filter(|(_, is_open)| **is_open)
        .map(|((_, stream), _)| libc::pollfd {
            fd: stream.descriptor,
            events: match stream.direction {
                Direction::Read => libc::POLLIN,
                Direction::Write => libc::POLLOUT,
            },
            revents: 0,
        })
        .collect();
    // A module has 4 GiB, and so fewer descriptors than that.
    let count = asked.len() as libc::nfds_t;
    let timeout = if asked.len() < streams.len() { 0 } else { timeout };
    let result = if asked.is_empty() {
        0
    } else {
        // SAFETY: `asked` has that many elements, and nothing else accesses them meanwhile.
        unsafe { libc::poll(asked.as_mut_ptr(), count, timeout) }
    };
    let mut said = asked.iter().map(|it| result < 0 || it.revents != 0);
    is_open.iter().map(|is_open| !is_open || said.next() != Some(false)).collect()
}

/// Whether the host knows this descriptor.
#[cfg(target_os = "wasi")]
fn is_open(descriptor: c_int) -> bool {
    // SAFETY: `F_GETFL` takes no third argument, and changes nothing.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFL) };
    // For a stream that is no file, a host may refuse to return its flags.
    let is_unknown = || std::io::Error::last_os_error().raw_os_error() == Some(libc::EBADF);
    descriptor >= 0 && (flags != -1 || !is_unknown())
}

/// Documentation is built on other targets, too.
#[cfg(not(target_os = "wasi"))]
fn poll(streams: &[(Id, Stream)], _timeout: c_int) -> Vec<bool> {
    streams.iter().map(|_| true).collect()
}
