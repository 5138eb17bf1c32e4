//! Copies of OpenSSL's feeds, by their names.

use crate::feeds::copies::FeedMemory;
use crate::source::Sha256Sum;

use super::Store;

const KIND: &str = "feeds";

impl FeedMemory for Store {
    fn recall_copy(&self, name: &str) -> Option<Vec<u8>> {
        self.read(KIND, &Sha256Sum::of(name.as_bytes()))
    }

    fn remember_copy(&self, name: &str, bytes: &[u8]) {
        self.write(KIND, &Sha256Sum::of(name.as_bytes()), &[bytes]);
    }
}
