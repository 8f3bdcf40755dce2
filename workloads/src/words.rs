//! What programs say: data to standard output, words to standard error. Whoever reads may go away at any
//! time, as `head` does: that is no error of the program, and no reason to leave undone what it does.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};

/// Writes data to standard output at once. Whether somebody still reads it: who prints again and again
/// stops when nobody does.
///
/// # Errors
/// When it cannot be written though somebody reads it: a full disk.
pub fn print(data: impl AsRef<[u8]>) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let written = out.write_all(data.as_ref()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// Writes a line of words to standard error; where nobody can read them, they are lost.
pub fn say(words: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// As `eprintln!`, which ends the program when nobody reads it.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => {
        $crate::words::say(format_args!($($words)*))
    };
}
