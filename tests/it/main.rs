//! The tests of rewheel as a whole: through its public surface, over real sockets and files.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    missing_docs
)]

mod support;

mod acting;
mod acting_faults;
#[cfg(unix)]
mod action;
mod broken;
mod check_now;
mod check_now_documents;
mod check_now_failures;
mod check_now_live;
mod check_now_memory;
mod check_now_output;
mod config_check;
mod config_init;
mod configuration;
mod credentials;
mod daemon;
mod daemon_killed;
mod daemon_projects;
mod decisions;
mod deploy;
mod distill;
mod documentation;
mod fake_github;
mod feeds;
mod feeds_checksum;
mod feeds_faults;
mod fetch;
mod front_page;
mod fuzz_seeds;
mod github_client;
mod github_client_fake;
mod github_client_faults;
mod github_client_identity;
mod github_client_server;
mod history;
mod house;
mod index;
mod inspect;
mod inspect_documents;
mod inspect_hostile;
mod issue_document;
mod killed;
mod ledger;
mod ledger_failures;
mod ledger_forgets;
mod ledger_processes;
mod ledger_telling;
mod looks;
mod manual;
mod many;
mod mirror;
mod openssl;
#[cfg(target_os = "linux")]
mod operations;
mod policy_words;
mod published;
#[cfg(unix)]
mod python_recipes;
mod remote_wheel;
mod remote_wheel_faults;
mod replay;
mod sarif;
mod schema;
mod secrets;
mod server;
mod server_connections;
mod server_metrics;
#[cfg(target_os = "linux")]
mod service;
mod soak;
mod status_page;
mod status_page_browser;
mod steps;
mod telling;
mod telling_daemon;
mod telling_mail;
mod watchers;
