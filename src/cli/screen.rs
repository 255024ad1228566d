//! The terminal as the progress bar sees it: a little narrower than it is.

use std::io::{self, IsTerminal};

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// Columns at the right that stay free. A bar is padded to the edge, so that the `^C` a terminal echoes would wrap, and the
/// line above it stay on the screen.
const MARGIN: u16 = 3;

/// How often a bar is drawn at most, per second.
const HERTZ: u8 = 20;

/// Standard error, less its margin.
#[derive(Debug)]
struct Screen(Term);

/// Where bars are drawn when standard error is a terminal.
pub(super) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Screen(Term::buffered_stderr())), HERTZ)
}

/// The columns of standard output, if it is a terminal.
pub(super) fn stdout_width() -> Option<usize> {
    io::stdout().is_terminal().then(|| usize::from(Term::stdout().size().1))
}

/// The columns of standard error, if it is a terminal.
pub(super) fn stderr_width() -> Option<usize> {
    io::stderr().is_terminal().then(|| usize::from(Term::stderr().size().1))
}

/// The columns that a bar may take.
pub(super) fn width() -> usize {
    usize::from(TermLike::width(&Screen(Term::stderr())))
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(MARGIN).max(1)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
