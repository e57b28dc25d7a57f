//! What goes on, for a person who watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use nodeward_report::Printable;

use crate::session::Session;

/// One line on a terminal, which is gone when this is.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Nothing where nobody watches.
    pub(crate) fn new(session: &Session) -> Self {
        if !session.shows_progress() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// Says what is done now.
    pub(crate) fn say(&mut self, message: impl std::fmt::Display) {
        self.bar.set_message(Printable(&message.to_string()).to_string());
    }

    /// Says how much of it is there.
    pub(crate) fn bytes(&mut self, read: u64, of: Option<u64>) {
        let share = of.filter(|&of| of > 0).map(|of| format!(", {} %", read * 100 / of));
        self.bar.set_prefix(share.unwrap_or_default());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
