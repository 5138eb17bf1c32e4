//! Answers of GitHub by their address, so that what did not change is not sent again.

use crate::github::{AnswerMemory, RememberedAnswer};
use crate::source::Sha256Sum;

use super::Store;

const KIND: &str = "answers";

impl AnswerMemory for Store {
    fn recall(&self, address: &str) -> Option<RememberedAnswer> {
        let bytes = self.read(KIND, &key(address)?)?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: RememberedAnswer = serde_json::from_slice(bytes.get(..end)?).ok()?;
        Some(RememberedAnswer {
            body: bytes.get(end + 1..)?.to_vec(),
            ..head
        })
    }

    fn remember(&self, address: &str, answer: &RememberedAnswer) {
        if let (Some(key), Ok(head)) = (key(address), serde_json::to_vec(answer)) {
            self.write(KIND, &key, &[&head, b"\n", &answer.body]);
        }
    }
}

/// What an answer is kept under; none for addresses that are never asked for twice, such as lists
/// of what was created since some moment.
fn key(address: &str) -> Option<String> {
    (!address.contains("created=")).then(|| Sha256Sum::of(address.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_and_passing_ones_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().to_owned());
        let answer = RememberedAnswer {
            etag: "W/\"1\"".to_owned(),
            link: Some("<https://api.example/x?page=2>; rel=\"next\"".to_owned()),
            body: b"[1,\n2]".to_vec(),
        };
        let address = "https://api.example/repos/a/b/issues?creator=c";
        assert_eq!(AnswerMemory::recall(&store, address), None);
        AnswerMemory::remember(&store, address, &answer);
        assert_eq!(AnswerMemory::recall(&store, address), Some(answer.clone()));
        let passing = "https://api.example/repos/a/b/actions/runs?created=%3E%3D2026";
        AnswerMemory::remember(&store, passing, &answer);
        assert_eq!(AnswerMemory::recall(&store, passing), None);
    }
}
