//! What tests are built from: a fake package index over loopback, small wheels, a client that
//! does not wait.

#![allow(dead_code)]

pub mod client;
pub mod fake_index;
pub mod recorded;
pub mod reply;
pub mod wheel;
