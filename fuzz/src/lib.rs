//! The pure half of rewheel, built by itself for the fuzzer: its links lead to `src/model` and
//! `src/scan`. So nothing of the network is built with it, and what is private can be reached.

#![allow(dead_code)]

pub mod model;
pub mod scan;
