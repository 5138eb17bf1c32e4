//! What tests are built from: a fake package index and a fake GitHub over loopback, small wheels and
//! binaries, a client that does not wait, the real command.

pub mod binary;
pub mod browser;
pub mod client;
pub mod command;
pub mod command_line;
pub mod fake_feeds;
pub mod fake_github;
pub mod fake_index;
pub mod fake_mail;
pub mod fake_receiver;
pub mod hostile;
pub mod ledger;
pub mod life;
pub mod lines;
pub mod page;
pub mod published;
pub mod recorded;
pub mod reply;
pub mod round;
#[cfg(unix)]
pub mod runner;
pub mod server;
pub mod shape;
pub mod stage;
#[cfg(target_os = "linux")]
pub mod terminal;
pub mod wheel;
