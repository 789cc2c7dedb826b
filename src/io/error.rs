//! Failed waits as an `io::Error`.

use core::error::Error;
use std::io;

use crate::embed::EmbedError;

/// Makes an error of kind [`Other`](io::ErrorKind::Other). [`EmbedError::cause_of`] distinguishes it from all
/// others.
///
/// Not of kind `Interrupted`, although that name seems to fit. `Interrupted` means that the caller should try
/// again, and [`read_exact`](io::Read::read_exact), [`read_to_end`](io::Read::read_to_end),
/// [`write_all`](io::Write::write_all) and [`io::copy`] do: in a coroutine that was cancelled, forever.
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
    /// Returns the [`EmbedError`] that is `error`, or that `error` wraps, if there is one.
    ///
    /// Synchronous crates wrap an `io::Error` that they get in an error of their own. This function searches that
    /// and all its [`source`](Error::source)s, which is enough for `zip`, `tar` and `flate2`. Other crates' errors
    /// do not have their cause as a source. Convert those of `png` and `serde_json` to an `io::Error` first, for
    /// which they have a conversion, and take those of `csv` apart.
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
                // The `source` of an `io::Error` is that of the error that it wraps, and skips this error.
                Some(error) => error.get_ref().map(|inner| inner as _),
                None => error.source(),
            };
        }
        None
    }
}
