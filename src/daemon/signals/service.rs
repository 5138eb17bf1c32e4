//! The service control manager of Windows, where it started the process.
//!
//! A service counts as stopped once it says so: whoever asks it to stop waits for that, and a
//! process that ends without having said it counts as failed. Source: Microsoft's documentation,
//! "Service Control Handler Function" and "Service State Transitions".

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;
use windows_services::{Command, Service};

use super::Signal;

/// The service control manager is listened to, if it started the process.
#[derive(Debug)]
pub(super) struct Controlled {
    thread: JoinHandle<()>,
    is_asked: Arc<AtomicBool>,
    over: blocking::Sender<()>,
}

impl Controlled {
    /// Hands on what the service control manager asks for. Where something else started the
    /// process, it is told so at once, and nothing comes of it.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn listen(sender: mpsc::Sender<Signal>) -> io::Result<Self> {
        let (over, ended) = blocking::channel();
        let ended = Mutex::new(ended);
        let is_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_asked);
        let heard = move |_: &Service<'_>, command| {
            if command == Command::Stop {
                asked.store(true, Ordering::SeqCst);
                if sender.blocking_send(Signal::Stop).is_ok() {
                    // The service counts as stopped once this returns: when the daemon has ended.
                    let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                    let _ = ended.recv();
                }
            }
        };
        let thread = thread::Builder::new()
            .name("service".to_owned())
            .spawn(move || {
                if let Err(why) = Service::new().can_stop().run(heard) {
                    tracing::debug!("not run as a service: {why}");
                }
            })?;
        Ok(Self {
            thread,
            is_asked,
            over,
        })
    }

    /// The daemon has ended; comes back when the service control manager knows it.
    pub(super) fn over(self) {
        drop(self.over);
        if self.is_asked.load(Ordering::SeqCst) && self.thread.join().is_err() {
            tracing::error!("the service control manager could not be told of the end");
        }
    }
}
