//! The integration tests, in one binary so that they link once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

mod support;

mod credentials;
mod fetch;
mod index;
mod remote_wheel;
mod remote_wheel_faults;
