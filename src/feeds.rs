//! OpenSSL's word: releases, advisories and life times, each from its own source.
//!
//! What is pure comes first, what asks somebody last:
//!
//! - `releases`, `news`: the list of releases, and what a release says of itself;
//! - `record`, `secadv`, `life_times`, `metadata`, `archive`: the files of openssl/release-metadata;
//! - `built_in`, `facts_file`: the facts that are shipped;
//! - `alarm`: what must not be believed; `merge`: several sources as one set of facts; `missing`:
//!   releases that are gone from the list; `revisions`: what a record said, and when;
//! - `belief`: whom to believe; `copies`: what is remembered; `github`, `network`: over HTTP;
//!   `directory`, `mirror`: from a folder and into one; `watch`: all of it together.

pub mod alarm;
pub mod archive;
pub mod belief;
pub mod built_in;
pub mod copies;
pub mod directory;
pub mod error;
pub mod facts_file;
pub mod github;
pub mod life_times;
pub mod merge;
pub mod metadata;
pub mod mirror;
pub mod missing;
pub mod network;
pub mod news;
pub mod record;
pub mod releases;
pub mod report;
pub mod revisions;
pub mod secadv;
pub mod watch;

pub use error::FeedError;
pub use report::FeedReport;
pub use watch::{Known, Watch};
