//! Steps over the fake GitHub: looked at, waited for, started, followed, and never started twice.

mod following;
mod good_way;
mod killed;
mod setting;
mod starting;
mod waiting;
mod watchers;
