//! How far a round has come: a bar on a terminal, and a closing line for those who ask.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cycle::Progress;

use super::arguments::Common;

/// Counts wheels and bytes; on a terminal a bar shows them.
pub struct Told {
    bar: ProgressBar,
    started: Instant,
    wheels: AtomicU64,
    unread: AtomicU64,
    received: AtomicU64,
}

/// The progress of a command that begins now.
pub fn of(common: &Common) -> Arc<Told> {
    let shown = !common.quiet && io::stderr().is_terminal();
    let target = if shown {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} wheels {msg}  {elapsed}")
    {
        bar.set_style(style);
    }
    Arc::new(Told {
        bar,
        started: Instant::now(),
        wheels: AtomicU64::new(0),
        unread: AtomicU64::new(0),
        received: AtomicU64::new(0),
    })
}

impl Told {
    /// Takes the bar away, and logs what was done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        tracing::info!(
            "wheels: {}, of them read: {}; bytes received: {}; seconds: {:.1}",
            self.wheels.load(Ordering::Relaxed),
            self.unread.load(Ordering::Relaxed),
            self.received.load(Ordering::Relaxed),
            self.started.elapsed().as_secs_f32(),
        );
    }
}

impl Progress for Told {
    fn found(&self, wheels: u64, unread: u64) {
        self.wheels.fetch_add(wheels, Ordering::Relaxed);
        self.unread.fetch_add(unread, Ordering::Relaxed);
        self.bar.inc_length(wheels);
    }

    fn received(&self, bytes: u64) {
        let before = self.received.fetch_add(bytes, Ordering::Relaxed);
        let all = before.saturating_add(bytes);
        self.bar.set_message(HumanBytes(all).to_string());
    }

    fn done(&self) {
        self.bar.inc(1);
    }
}
