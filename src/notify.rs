//! Telling people what a cycle came to: webhooks and mail, each thing once, and a ping that says
//! that the watcher lives.
//!
//! - pure: [`look`] says what a cycle holds that may be told (`events` those of a line), [`tell`]
//!   what of it is new and what has failed often enough, [`message`] (with `title`) who is told what
//!   of that; `document`, `chat` and `letter` put a message into words, `signature` signs,
//!   `backoff` says when it is tried again;
//! - the edge: `secret` reads secrets, `webhook`, `mail` and `ping` send, [`error`] says why not;
//! - [`teller`] notes in the ledger what is to be sent, and sends it; [`figures`] shows how that goes.
//!
//! What is to be sent stands in the ledger with what was told, in one transaction. Each attempt is
//! noted before it is made and its outcome after it, so a message is never lost, and one whose
//! outcome was not noted is sent again under the same id.

mod backoff;
mod chat;
mod document;
pub mod error;
mod events;
pub mod figures;
mod happening;
mod letter;
pub mod look;
pub mod mail;
pub mod message;
mod ping;
mod receiver;
mod secret;
pub mod signature;
mod stream;
pub mod tell;
pub mod teller;
mod title;
mod webhook;

#[cfg(test)]
mod tests;

pub use error::NotifyError;
pub use figures::Figures;
pub use look::EndedCycle;
pub use secret::{Variable, missing};
pub use teller::{Clock, Teller};
