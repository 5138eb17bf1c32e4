//! The progress bar on a terminal.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cycle::{Progress, Silent};

use super::arguments::Common;

/// A bar that counts wheels and tells the bytes that were received.
struct Bar {
    bar: ProgressBar,
    received: AtomicU64,
}

/// The progress to tell: a bar on a terminal, else nothing.
pub fn of(common: &Common) -> Arc<dyn Progress> {
    if common.quiet || !io::stderr().is_terminal() {
        return Arc::new(Silent);
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} wheels {msg}  {elapsed}")
    {
        bar.set_style(style);
    }
    Arc::new(Bar {
        bar,
        received: AtomicU64::new(0),
    })
}

impl Progress for Bar {
    fn found(&self, wheels: u64, _unread: u64, _bytes: u64) {
        self.bar.inc_length(wheels);
    }

    fn received(&self, bytes: u64) {
        let all = self
            .received
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        self.bar.set_message(HumanBytes(all).to_string());
    }

    fn done(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
