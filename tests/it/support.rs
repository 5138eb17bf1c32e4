//! What tests are built from: a fake package index and a fake GitHub over loopback, small wheels and
//! binaries, a client that does not wait, the real command.

pub mod binary;
pub mod client;
pub mod command;
pub mod fake_feeds;
pub mod fake_github;
pub mod fake_index;
pub mod fake_mail;
pub mod fake_receiver;
pub mod hostile;
pub mod ledger;
pub mod life;
pub mod published;
pub mod recorded;
pub mod reply;
pub mod round;
pub mod server;
pub mod shape;
pub mod stage;
pub mod wheel;
