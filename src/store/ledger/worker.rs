//! The one thread that owns the connection.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::{Fault, LedgerError};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A thread that does one job after the other. Dropping it waits until the connection is closed.
pub(super) struct Worker {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
    patience: Duration,
}

impl Worker {
    pub(super) fn start(
        mut connection: Connection,
        path: PathBuf,
        patience: Duration,
    ) -> Result<Self, LedgerError> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                for job in queue {
                    job(&mut connection);
                }
            })
            .map_err(|source| LedgerError::Io {
                path: path.clone(),
                source,
            })?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            path,
            patience,
        })
    }

    /// Does a job after those that came before it, and waits for its end.
    pub(super) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let job: Job = Box::new(move |connection| {
            // Whoever asked waits for it.
            let _ = answer.send(job(connection));
        });
        let is_taken = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok());
        match answered.recv() {
            Ok(result) if is_taken => result.map_err(|fault| fault.at(&self.path, self.patience)),
            Ok(_) | Err(_) => Err(LedgerError::Stopped {
                path: self.path.clone(),
            }),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was told by the job that caused it.
            let _ = thread.join();
        }
    }
}
