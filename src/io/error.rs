//! A wait that fails, where an `io::Result` is expected.

use core::error::Error;
use std::io;

use crate::embed::EmbedError;

/// Makes an error of kind [`Other`](io::ErrorKind::Other): [`EmbedError::cause_of`] tells it from
/// all others.
///
/// Not of kind `Interrupted`, though that seems to say it. `Interrupted` means that the caller
/// should try again, and [`read_exact`](io::Read::read_exact), [`read_to_end`](io::Read::read_to_end),
/// [`write_all`](io::Write::write_all) and [`io::copy`] do: in a coroutine that was cancelled, for
/// ever.
///
/// ```no_run
/// use bysyncify::try_embed;
/// use std::io;
///
/// struct HostFile;
/// # impl HostFile { async fn fetch(&self, _: &mut [u8]) -> io::Result<usize> { Ok(0) } }
///
/// impl io::Read for HostFile {
///     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         try_embed(self.fetch(buffer))?
///     }
/// }
/// ```
impl From<EmbedError> for io::Error {
    fn from(error: EmbedError) -> Self {
        Self::other(error)
    }
}

impl EmbedError {
    /// Whether this is what `error`, or any error that it wraps, comes from.
    ///
    /// Synchronous crates wrap the `io::Error` that they were given in an error of their own. This
    /// looks into it and into all its [`source`](Error::source)s, which is enough for `zip`, `tar` and
    /// `flate2`. Others do not tell where theirs come from: those of `png` and `serde_json` are to be
    /// made an `io::Error` first, which they know how to be, and those of `csv` to be taken apart.
    ///
    /// ```
    /// use bysyncify::EmbedError;
    /// use std::io;
    ///
    /// let error = io::Error::from(EmbedError::Cancelled);
    /// assert_eq!(EmbedError::cause_of(&error), Some(EmbedError::Cancelled));
    /// assert_eq!(EmbedError::cause_of(&io::Error::other("out of paper")), None);
    /// ```
    pub fn cause_of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(cause) = error.downcast_ref::<Self>() {
                return Some(*cause);
            }
            next = match error.downcast_ref::<io::Error>() {
                // The `source` of this one is the source of what it wraps, which that leaves out.
                Some(error) => error.get_ref().map(|inner| inner as _),
                None => error.source(),
            };
        }
        None
    }
}
