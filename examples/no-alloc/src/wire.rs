//! The wire between the two coroutines: on or off.

use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};

static LEVEL: AtomicBool = AtomicBool::new(false);

/// Switches the wire on or off.
pub(crate) fn set(level: bool) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Waits until the wire is on, or is off.
pub(crate) struct Until(bool);

/// Waits until the wire is on.
pub(crate) fn until_on() -> Until {
    Until(true)
}

/// Waits until the wire is off.
pub(crate) fn until_off() -> Until {
    Until(false)
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if LEVEL.load(Ordering::Relaxed) == self.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}
