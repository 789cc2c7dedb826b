//! Making a marker is a promise.

use bysyncify::CoroutineMarker;

fn main() {
    println!("{:?}", CoroutineMarker::new(4096));
}
