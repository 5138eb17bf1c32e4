//! rewheel says, with evidence, which OpenSSL every published wheel of a Python project carries,
//! and when a wheel must be rebuilt.
//!
//! The map of the crate; imports run one way, from the end of this list to its start:
//!
//! - [`model`]: the words everything else is said in (pure);
//! - [`scan`]: from the bytes of a wheel to findings with evidence (pure, pulls from a [`scan::Source`]);
//! - [`policy`]: from facts to statuses, targets and decisions (pure);
//! - [`config`]: settings, from the command line, the environment and files;
//! - [`schedule`]: cron, time zones, the change of the clocks (pure);
//! - [`source`], [`fetch`]: files and HTTP, bounded in size and time;
//! - [`feeds`], [`index`]: OpenSSL's facts and the package index;
//! - [`github`]: what GitHub is asked and told, one write at a time;
//! - [`store`]: what is remembered between runs;
//! - [`report`]: text, JSON and Markdown;
//! - [`cycle`]: one round of observing and deciding;
//! - [`notify`]: who is told what of a cycle;
//! - [`daemon`]: rounds on a schedule, and a server that shows what is known;
//! - [`cli`]: the command line.

pub mod cli;
pub mod config;
pub mod cycle;
pub mod daemon;
pub mod feeds;
pub mod fetch;
pub mod github;
pub mod index;
pub mod model;
pub mod notify;
pub mod policy;
pub mod report;
pub mod scan;
pub mod schedule;
pub mod source;
pub mod store;
