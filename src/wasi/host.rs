//! What the host is asked for: to wait.

use alloc::vec::Vec;
use core::ffi::c_int;
use core::time::Duration;
use std::thread;

use super::waits::Id;

/// What is waited for: to read or to write without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

/// A stream, and what it is to be ready for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) descriptor: c_int,
    pub(super) direction: Direction,
}

/// Waits until a stream is ready or this time has passed, if there is one; which streams are ready.
///
/// All are, if the host cannot wait for one of them: to read is then what waits.
pub(super) fn wait(streams: &[(Id, Stream)], timeout: Option<Duration>) -> Vec<Id> {
    if streams.is_empty() {
        // To the nanosecond: `poll` below counts milliseconds.
        timeout.filter(|it| !it.is_zero()).into_iter().for_each(thread::sleep);
        return Vec::new();
    }
    let ready = poll(streams, timeout.map_or(-1, in_milliseconds));
    streams.iter().zip(ready).filter(|(_, is_ready)| *is_ready).map(|((id, _), _)| *id).collect()
}

/// Rounded up, so that nobody is woken too early and asks again at once.
fn in_milliseconds(timeout: Duration) -> c_int {
    timeout.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(c_int::MAX)
}

/// `poll` of wasi-libc, which the standard library is linked with: `poll_oneoff` on WASI's first
/// edition, `wasi:io/poll` on the second.
#[cfg(target_os = "wasi")]
fn poll(streams: &[(Id, Stream)], timeout: c_int) -> Vec<bool> {
    let asked = |(_, stream): &(Id, Stream)| libc::pollfd {
        fd: stream.descriptor,
        events: match stream.direction {
            Direction::Read => libc::POLLIN,
            Direction::Write => libc::POLLOUT,
        },
        revents: 0,
    };
    let mut asked: Vec<_> = streams.iter().map(asked).collect();
    // A module has 4 GiB, and so fewer descriptors than that.
    let count = asked.len() as libc::nfds_t;
    // SAFETY: `asked` has so many elements, and nobody else looks at them meanwhile.
    let result = unsafe { libc::poll(asked.as_mut_ptr(), count, timeout) };
    asked.iter().map(|it| result < 0 || it.revents != 0).collect()
}

/// Documentation is made on other targets, too.
#[cfg(not(target_os = "wasi"))]
fn poll(streams: &[(Id, Stream)], _timeout: c_int) -> Vec<bool> {
    streams.iter().map(|_| true).collect()
}
