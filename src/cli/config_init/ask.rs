//! Questions on a terminal, and their answers.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::config;
use crate::report::printable::printable;

use super::super::arguments::ConfigInit;
use super::FILE;
use super::text::Wanted;

/// The most bytes of one answer.
const ANSWER_BYTES: u64 = 4096;

/// Asks for what no option gave: what to write, and where.
///
/// # Errors
/// The answers end before everything is known, or cannot be read.
pub(super) fn wanted(
    given: &ConfigInit,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> anyhow::Result<(Wanted, PathBuf)> {
    let mut ask = |question: &str, given: &Option<String>, key: &str| match given {
        Some(given) => Ok(Some(given.clone())),
        None => answer(question, key, answers, questions),
    };
    let package = loop {
        // An empty answer is none.
        if let Some(package) = ask("Package on the index", &given.package, "project.package")? {
            break package;
        }
    };
    let repository = ask(
        "Repository for its tracking issue, OWNER/NAME (empty: only report)",
        &given.repository,
        "project.repository",
    )?;
    let workflow = match &repository {
        Some(_) => ask(
            "Workflow there that builds its wheels, such as wheels.yml (empty: start none)",
            &given.workflow,
            "project.step.dispatch.workflow",
        )?,
        None => None,
    };
    let file = match &given.output {
        Some(file) => file.clone(),
        None => {
            let question = format!("File to write (empty: {FILE})");
            let file = answer(&question, "", answers, questions)?;
            file.map_or_else(|| FILE.into(), PathBuf::from)
        }
    };
    let wanted = Wanted {
        package,
        repository,
        workflow,
        follow: given.follow.clone(),
    };
    Ok((wanted, file))
}

/// Asks until the answer is what the key wants; an empty one is none.
fn answer(
    question: &str,
    key: &str,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> anyhow::Result<Option<String>> {
    loop {
        write!(questions, "{question}: ").and_then(|()| questions.flush())?;
        let mut line = Vec::new();
        let mut bounded = io::Read::take(&mut *answers, ANSWER_BYTES);
        bounded
            .read_until(b'\n', &mut line)
            .context("the answer cannot be read")?;
        if !line.ends_with(b"\n") {
            // What was not ended was not meant, or is longer than any answer.
            let _ = writeln!(questions);
            bail!("the answers end before everything is known, so nothing was written");
        }
        let Ok(line) = String::from_utf8(line) else {
            writeln!(questions, "  that is not text in UTF-8")?;
            continue;
        };
        let line = line.trim();
        if line.is_empty() {
            return Ok(None);
        }
        match config::check_text(key, line) {
            Ok(()) => return Ok(Some(line.to_owned())),
            Err(sentence) => writeln!(questions, "  {}", printable(&sentence))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked, and what comes of the answers.
    fn asked(given: &ConfigInit, answers: &str) -> (String, anyhow::Result<(Wanted, PathBuf)>) {
        let mut questions = Vec::new();
        let wanted = wanted(given, &mut answers.as_bytes(), &mut questions);
        (String::from_utf8(questions).unwrap(), wanted)
    }

    #[test]
    fn everything_is_asked_and_asked_again() {
        let answers = "\n\u{1b}[31m\nDemo_Package\nno repository\nowner/demo\nbuild wheels\n\
                       wheels.yml\n\n";
        let (questions, wanted) = asked(&ConfigInit::default(), answers);
        let (wanted, file) = wanted.unwrap();
        assert_eq!(wanted.package, "Demo_Package");
        assert_eq!(wanted.repository.as_deref(), Some("owner/demo"));
        assert_eq!(wanted.workflow.as_deref(), Some("wheels.yml"));
        assert_eq!(file, PathBuf::from(FILE));
        assert_eq!(questions.matches("Package on the index: ").count(), 3);
        assert_eq!(questions.matches("OWNER/NAME").count(), 2);
        assert!(questions.contains("\"no repository\" is no repository"));
        assert!(!questions.contains('\u{1b}'));
    }

    #[test]
    fn without_a_repository_no_workflow_is_asked_for() {
        let given = ConfigInit {
            output: Some("a.toml".into()),
            ..ConfigInit::default()
        };
        let (questions, wanted) = asked(&given, "demo\n\n");
        let (wanted, file) = wanted.unwrap();
        assert_eq!((wanted.repository, wanted.workflow), (None, None));
        assert_eq!(file, PathBuf::from("a.toml"));
        assert!(!questions.contains("Workflow") && !questions.contains("File"));
    }

    #[test]
    fn answers_that_end_or_never_end_are_refused() {
        for answers in ["", "demo\n", "demo\nowner/de", &"x".repeat(10_000)] {
            let (_, wanted) = asked(&ConfigInit::default(), answers);
            let sentence = wanted.unwrap_err().to_string();
            assert!(sentence.contains("nothing was written"), "{sentence}");
        }
    }
}
