//! systemd, which is told how the daemon is, where it started it. Source: sd_notify(3),
//! sd_watchdog_enabled(3).

use std::time::Duration;

/// How the daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ready,
    Reloading,
    Stopping,
    /// It waits, or comes on; told again and again, for the watchdog.
    Alive,
}

/// After how long without word the watchdog acts; none where there is none.
#[cfg(unix)]
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Without systemd nobody is told; with it, one that cannot be told will notice by itself.
#[cfg(unix)]
pub(super) fn tell(state: &State) {
    use sd_notify::NotifyState;

    let told = match state {
        State::Ready => sd_notify::notify(&[NotifyState::Ready]),
        // The moment is wanted, too, where the unit says Type=notify-reload.
        State::Reloading => match NotifyState::monotonic_usec_now() {
            Ok(moment) => sd_notify::notify(&[NotifyState::Reloading, moment]),
            Err(_) => sd_notify::notify(&[NotifyState::Reloading]),
        },
        State::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
        State::Alive => sd_notify::notify(&[NotifyState::Watchdog]),
    };
    if let Err(error) = told {
        tracing::debug!("systemd cannot be told: {error}");
    }
}

/// No systemd runs there.
#[cfg(not(unix))]
pub(super) const fn watchdog() -> Option<Duration> {
    None
}

/// As [`watchdog`].
#[cfg(not(unix))]
pub(super) const fn tell(_: &State) {}
