//! Pages by their address: a line of JSON about the page, then its body.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::fetch::{PageMemory, RememberedPage, printable};
use crate::source::Sha256Sum;

use super::Store;

const KIND: &str = "pages";
const SCHEMA: &str = "rewheel/store/page/v1";

#[derive(Serialize, Deserialize)]
struct Head {
    schema: String,
    /// Under which address it was asked for, without userinfo.
    asked: String,
    /// Of the body: a page that was cut or changed must not be believed after a 304.
    sha256: String,
    page: RememberedPage,
}

impl PageMemory for Store {
    fn recall(&self, url: &Url) -> Option<RememberedPage> {
        let bytes = self.read(KIND, &key(url))?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let body = bytes.get(end + 1..)?;
        let holds = head.schema == SCHEMA
            && head.asked == printable(url)
            && head.sha256 == Sha256Sum::of(body);
        holds.then(|| RememberedPage {
            body: body.to_vec(),
            ..head.page
        })
    }

    fn remember(&self, url: &Url, page: &RememberedPage) {
        let head = Head {
            schema: SCHEMA.to_owned(),
            asked: printable(url),
            sha256: Sha256Sum::of(&page.body),
            page: RememberedPage {
                body: Vec::new(),
                ..page.clone()
            },
        };
        if let Ok(text) = serde_json::to_vec(&head) {
            self.write(KIND, &key(url), &[&text, b"\n", &page.body]);
        }
    }
}

/// The whole address counts, but only its digest stands in the folder.
fn key(url: &Url) -> String {
    Sha256Sum::of(url.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &[u8]) -> RememberedPage {
        RememberedPage {
            url: Url::parse("https://index.example/simple/demo/").unwrap(),
            content_type: Some("text/html".into()),
            etag: Some("\"1\"".into()),
            last_modified: None,
            body: body.to_vec(),
        }
    }

    #[test]
    fn a_page_comes_back_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let url = Url::parse("https://index.example/simple/Demo/").unwrap();
        assert_eq!(store.recall(&url), None);
        for body in [&b"first\nsecond\n"[..], b"", b"\n"] {
            store.remember(&url, &page(body));
            assert_eq!(store.recall(&url), Some(page(body)));
        }
        let other = Url::parse("https://index.example/simple/other/").unwrap();
        assert_eq!(store.recall(&other), None);
    }

    #[test]
    fn a_damaged_page_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let url = Url::parse("https://index.example/simple/demo/").unwrap();
        store.remember(&url, &page(b"body"));
        let key = key(&url);
        let path = folder.path().join(KIND).join(&key[..2]).join(&key[2..]);
        let good = std::fs::read(&path).unwrap();
        for bad in [&good[..good.len() - 1], b"", b"\n", b"{}\nbody"] {
            std::fs::write(&path, bad).unwrap();
            assert_eq!(store.recall(&url), None);
        }
    }
}
