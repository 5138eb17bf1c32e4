//! What the system asks of the process.

#[cfg(windows)]
mod service;

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Finish the step under way and end.
    Stop,
    /// Take the configuration anew.
    Reload,
}

/// The exit code of a process that was stopped a second time, as shells have it for SIGINT.
const STOPPED_TWICE: i32 = 130;

/// How long after it was asked to stop the process is there at most; what it intends is in the ledger
/// before it does it.
const LATEST: Duration = Duration::from_millis(9_500);

/// The exit code of a process that was stopped in the middle of a step.
const STOPPED_LATE: i32 = 1;

/// The system is listened to.
#[derive(Debug)]
pub struct Listening {
    #[cfg(windows)]
    service: service::Controlled,
}

impl Listening {
    /// The daemon has ended: the system is told where it waits for that.
    pub fn over(self) {
        #[cfg(windows)]
        self.service.over();
    }
}

/// Listens to the system from now on. Who asks twice to stop does not wait: the process ends at
/// once, as it may at any moment.
///
/// # Errors
/// The system cannot be listened to.
pub fn signals() -> io::Result<(mpsc::Receiver<Signal>, Listening)> {
    let (sender, receiver) = mpsc::channel(8);
    let (mut heard, listening) = listen()?;
    tokio::spawn(async move {
        let mut stopping = false;
        while let Some(signal) = heard.recv().await {
            if signal == Signal::Stop {
                if std::mem::replace(&mut stopping, true) {
                    tracing::warn!("stopped at once: it was asked for a second time");
                    std::process::exit(STOPPED_TWICE);
                }
                // A step may hang where nothing else can end it, such as in a ledger that another
                // process has locked.
                tokio::spawn(async {
                    tokio::time::sleep(LATEST).await;
                    tracing::warn!("stopped without the step under way, which does not end");
                    std::process::exit(STOPPED_LATE);
                });
            }
            tracing::info!("the system asks for: {signal:?}");
            if sender.send(signal).await.is_err() && signal != Signal::Stop {
                break;
            }
        }
    });
    Ok((receiver, listening))
}

/// Sends what is heard of one kind of signal on.
macro_rules! pass_on {
    ($stream:expr, $signal:expr, $sender:expr) => {{
        let (mut stream, sender) = ($stream?, $sender.clone());
        tokio::spawn(async move {
            while stream.recv().await.is_some() && sender.send($signal).await.is_ok() {}
        });
    }};
}

#[cfg(unix)]
fn listen() -> io::Result<(mpsc::Receiver<Signal>, Listening)> {
    use tokio::signal::unix::{SignalKind, signal};

    let (sender, receiver) = mpsc::channel(8);
    pass_on!(signal(SignalKind::terminate()), Signal::Stop, sender);
    pass_on!(signal(SignalKind::interrupt()), Signal::Stop, sender);
    pass_on!(signal(SignalKind::hangup()), Signal::Reload, sender);
    Ok((receiver, Listening {}))
}

#[cfg(windows)]
fn listen() -> io::Result<(mpsc::Receiver<Signal>, Listening)> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

    let (sender, receiver) = mpsc::channel(8);
    pass_on!(ctrl_c(), Signal::Stop, sender);
    pass_on!(ctrl_break(), Signal::Stop, sender);
    pass_on!(ctrl_close(), Signal::Stop, sender);
    pass_on!(ctrl_shutdown(), Signal::Stop, sender);
    let service = service::Controlled::listen(sender)?;
    Ok((receiver, Listening { service }))
}
