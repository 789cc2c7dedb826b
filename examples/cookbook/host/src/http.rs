//! Requests of any kind, for clients that do more than read.

use std::io;

use crate::Request;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Later the host calls `room`, and then `complete`.
    fn request(id: u32, head: *const u8, head_len: usize, body: *const u8, body_len: usize);
}

/// Makes a request. The head is a line `METHOD URL`, and then a line `name: value` for each header.
///
/// Returns the head of the answer, whose first line is like `200 OK`, and its body. Redirections have been followed.
pub async fn send(head: &str, body: &[u8]) -> io::Result<(String, Vec<u8>)> {
    // SAFETY: two slices, which the host copies.
    let begin = |id| unsafe { request(id, head.as_ptr(), head.len(), body.as_ptr(), body.len()) };
    let mut answer = Request::begin(begin).await?;
    let end = answer.windows(2).position(|two| two == b"\n\n");
    let body = answer.split_off(end.map_or(answer.len(), |end| end + 2));
    Ok((String::from_utf8_lossy(&answer).into_owned(), body))
}
