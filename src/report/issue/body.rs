//! The body of a tracking issue as a whole: our block, and around it what people wrote.

use std::collections::BTreeSet;

use super::marker::is_mark;

const BEGIN: &str = "<!-- rewheel:begin -->";
const FINISH: &str = "<!-- rewheel:end -->";
const TASK: &str = "<!-- rewheel:task ";
const TASK_END: &str = " -->";

/// The most characters that GitHub takes for a body. They are counted in bytes here, which is never
/// too few.
pub const MOST_BYTES: usize = 65_536;

/// What people wrote into an issue: text around our block, and ticks inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    before: String,
    after: String,
    ticked: BTreeSet<String>,
}

impl Written {
    /// What people wrote into this body. Where our block is not whole any more, everything is
    /// theirs.
    pub fn of(body: &str) -> Self {
        let lines: Vec<&str> = body
            .lines()
            .map(str::trim_end)
            .filter(|line| !is_mark(line))
            .collect();
        let begin = lines.iter().position(|line| *line == BEGIN);
        let end = begin.and_then(|begin| {
            let after = lines.iter().skip(begin).position(|line| *line == FINISH)?;
            Some(begin.saturating_add(after))
        });
        match (begin, end) {
            (Some(begin), Some(end)) => Self {
                before: text(lines.get(..begin)),
                after: text(lines.get(end.saturating_add(1)..)),
                ticked: lines
                    .get(begin..end)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|line| ticked(line))
                    .collect(),
            },
            _ => Self {
                before: String::new(),
                after: text(Some(&lines)),
                ticked: BTreeSet::new(),
            },
        }
    }

    /// Whether a person ticked this task.
    pub fn is_ticked(&self, task: &str) -> bool {
        self.ticked.contains(task)
    }

    /// How many bytes a body has besides our block.
    pub fn length(&self) -> usize {
        let marks = BEGIN.len().saturating_add(FINISH.len()).saturating_add(16);
        self.before
            .len()
            .saturating_add(self.after.len())
            .saturating_add(marks)
    }

    /// The body with this block between what people wrote.
    pub fn around(&self, marker: &str, block: &str, memory: &str) -> String {
        // A template that was made from an issue has our marks in it: the block would end at them,
        // and the rest of it would count as people's and grow with every writing.
        let is_ours = |line: &&str| {
            let line = line.trim_end();
            line != BEGIN && line != FINISH && !is_mark(line)
        };
        let block = block.lines().filter(is_ours).collect::<Vec<_>>().join("\n");
        let mut body = String::from(marker);
        for part in [
            self.before.as_str(),
            BEGIN,
            block.trim(),
            FINISH,
            self.after.as_str(),
            memory,
        ] {
            if !part.is_empty() {
                body.push('\n');
                body.push_str(part);
            }
        }
        body
    }
}

/// The lines as one text without empty lines at its ends.
fn text(lines: Option<&[&str]>) -> String {
    let lines = lines.unwrap_or_default().join("\n");
    lines.trim_matches('\n').to_owned()
}

/// A line of a checklist that people tick.
pub fn task(name: &str, text: &str, is_done: bool) -> String {
    let tick = if is_done { 'x' } else { ' ' };
    format!("- [{tick}] {text} {TASK}{name}{TASK_END}")
}

fn ticked(line: &str) -> Option<String> {
    let item = line.trim_start().strip_prefix("- [")?;
    let rest = item.strip_prefix(['x', 'X'])?.strip_prefix(']')?;
    let (_, name) = rest.trim_end().strip_suffix(TASK_END)?.rsplit_once(TASK)?;
    Some(name.to_owned())
}

/// Whether two bodies say the same: line ends and blanks at the ends of lines do not count, since
/// GitHub's own editor changes them.
pub fn says_the_same(one: &str, other: &str) -> bool {
    let lines = |body: &str| -> Vec<String> {
        body.trim_end()
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    lines(one) == lines(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MARKER: &str = "<!-- rewheel:v1 package=demo line=main -->";
    const MEMORY: &str = "<!-- rewheel:state {} -->";

    #[test]
    fn text_and_ticks_of_people_stay() {
        let block = format!("# ours\n{}", task("changelog", "Write it down", false));
        let first = Written::default().around(MARKER, &block, MEMORY);
        let theirs = first
            .replace("- [ ] Write", "- [x] Write")
            .replace(BEGIN, &format!("Mine above.\n\n{BEGIN}"))
            .replace(MEMORY, &format!("Mine below.\n{MEMORY}"))
            .replace('\n', "\r\n");
        let written = Written::of(&theirs);
        assert!(written.is_ticked("changelog"));
        let again = written.around(MARKER, "# new", MEMORY);
        assert_eq!(
            again,
            format!("{MARKER}\nMine above.\n{BEGIN}\n# new\n{FINISH}\nMine below.\n{MEMORY}")
        );
    }

    #[test]
    fn a_block_that_is_not_whole_is_theirs() {
        let body = format!("{MARKER}\n{BEGIN}\nhalf of it\n{MEMORY}");
        let again = Written::of(&body).around(MARKER, "new", MEMORY);
        assert!(again.contains("half of it"), "{again}");
        assert_eq!(again.matches(FINISH).count(), 1);
    }

    #[test]
    fn marks_in_a_template_do_not_end_the_block() {
        let block = format!("{MARKER}\n{BEGIN}\nours\n{FINISH} \r\nmore\n{MEMORY}");
        let once = Written::default().around(MARKER, &block, MEMORY);
        assert_eq!(
            once,
            format!("{MARKER}\n{BEGIN}\nours\nmore\n{FINISH}\n{MEMORY}")
        );
        assert_eq!(Written::of(&once).around(MARKER, &block, MEMORY), once);
    }

    proptest! {
        #[test]
        fn writing_again_changes_nothing(before in "[ -~\n]{0,60}", after in "[ -~\n]{0,60}") {
            let body = format!("{MARKER}\n{before}\n{BEGIN}\nours\n{FINISH}\n{after}\n{MEMORY}");
            let once = Written::of(&body).around(MARKER, "ours", MEMORY);
            let twice = Written::of(&once).around(MARKER, "ours", MEMORY);
            prop_assert!(says_the_same(&once, &twice), "{once:?} {twice:?}");
            for line in before.lines().chain(after.lines()) {
                prop_assert!(once.contains(line.trim_end()));
            }
        }
    }
}
