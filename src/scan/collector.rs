//! What is gathered from a wheel before anything is concluded: binaries, claims, problems, and
//! what may still be spent.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io;

use super::Limits;
use super::allowance::{Allowance, Stop};
use super::archive::Entry;
use super::banner::{Hit, Texts};
use super::binary::{Memory, Part};
use super::inflate::Method;
use super::library_name;
use super::member::Packed;
use super::member_name;
use super::members;
use super::sbom::{Claim, Wrong};
use crate::model::{BinaryFormat, Problem, ProblemCode};

/// How many problems of one kind are told of a wheel. Each kind has its own bound, so that many
/// harmless ones do not hide one that matters.
const MAXIMUM_PROBLEMS: u64 = 100;

/// How many times the members of one archive those of all archives in a wheel may be: jars have
/// thousands each, and only one is held at a time.
const NESTED_MEMBERS: u64 = 10;

/// How many characters of a problem's message are told.
const LONGEST_MESSAGE: usize = 500;

/// How many decoders with a window may be in use at once, inside of each other.
const MAXIMUM_WINDOWS: u32 = 2;

/// About how much memory a binary or slice takes of which nothing is known, in bytes.
const PART_BYTES: u64 = 1024;

/// About how much a finding about it takes until it is told, in bytes.
const FINDING_BYTES: u64 = 2560;

/// About how much a version text takes beside its length, in bytes: what it means, and the evidence
/// that is made of it.
const VERSION_BYTES: u64 = 512;

/// About how much any other text takes beside its length, in bytes.
const TEXT_BYTES: u64 = 128;

/// A binary of the wheel.
#[derive(Clone, Debug)]
pub(super) struct Binary {
    pub path: String,
    pub format: BinaryFormat,
    pub method: Method,
    pub size: u64,
    pub packed: Option<(u64, u64)>,
    /// One part, or one for each slice.
    pub parts: Vec<Part>,
    /// Ranges of its headers that had gone by.
    pub gone: Vec<(u64, u64)>,
    /// Whether it was not read to its end, or was damaged: what was not seen could contradict
    /// what was.
    pub is_cut: bool,
}

impl Binary {
    /// About how much memory it takes, in bytes.
    fn bytes(&self) -> u64 {
        let parts = self.parts.iter().map(|part| {
            PART_BYTES
                .saturating_add(part.headers.bytes())
                .saturating_add(bytes_of(&part.texts))
                .saturating_add(FINDING_BYTES.saturating_mul(most_findings(part)))
        });
        parts.fold(self.path.len() as u64, u64::saturating_add)
    }
}

/// How many findings a binary or slice may make: one for what it carries, one for what it needs.
fn most_findings(part: &Part) -> u64 {
    let (texts, headers) = (&part.texts, &part.headers);
    let may_carry = !texts.dated.is_empty()
        || !texts.forks.is_empty()
        || !texts.marks.is_empty()
        || !headers.defined.is_empty();
    let is_half = |import: &Hit| library_name::half(&import.text).is_some();
    let may_need = !headers.undefined.is_empty() || headers.imports.iter().any(is_half);
    u64::from(may_carry).saturating_add(u64::from(may_need))
}

/// About how much memory the texts take, in bytes.
fn bytes_of(texts: &Texts) -> u64 {
    let dated = texts.dated.iter().map(|seen| seen.value.text.len());
    let forks = texts.forks.iter().map(|seen| seen.value.text.len());
    let bare = texts.bare.iter().map(|seen| seen.value.len());
    let marks = texts.marks.values().flat_map(|marked| &marked.hits);
    let marks = marks.map(|hit| (hit.text.len() as u64).saturating_add(TEXT_BYTES));
    let versions = dated.chain(forks).chain(bare);
    let versions = versions.map(|len| (len as u64).saturating_add(VERSION_BYTES));
    versions.chain(marks).fold(0, u64::saturating_add)
}

/// What was gathered from a wheel, before anything is concluded.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub binaries: Vec<Binary>,
    pub claims: Vec<Claim>,
    pub problems: Vec<Problem>,
}

/// Gathers what the members of a wheel show.
#[derive(Debug)]
pub(super) struct Collector {
    pub limits: Limits,
    pub allowance: Allowance,
    pub members: u64,
    pub binaries: Vec<Binary>,
    pub memory: Memory,
    /// How many windows of decoders are in use.
    pub windows: u32,
    /// How many bytes may still be kept of binaries.
    evidence: u64,
    claims: Vec<Claim>,
    problems: Vec<Problem>,
    /// How many problems of each kind were met, told or not.
    met: BTreeMap<ProblemCode, u64>,
}

impl Collector {
    /// For a wheel of `len` bytes.
    pub(super) fn new(limits: &Limits, len: u64, mut memory: Memory) -> Self {
        memory.candidates = limits.candidates;
        Self {
            limits: *limits,
            allowance: Allowance::new(limits, len),
            members: 0,
            binaries: Vec::new(),
            memory,
            windows: 0,
            evidence: limits.evidence_bytes,
            claims: Vec::new(),
            problems: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    /// Whether no problem was met so far.
    pub(super) const fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn problem(&mut self, code: ProblemCode, path: Option<&str>, mut message: String) {
        let met = self.met.entry(code).or_default();
        *met = met.saturating_add(1);
        if *met > MAXIMUM_PROBLEMS {
            return;
        }
        // What readers of other formats say may quote what they read, whatever its length.
        if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        self.problems.push(Problem {
            code,
            message,
            path: path.map(str::to_owned),
        });
    }

    pub(super) fn finish(mut self) -> Gathered {
        let untold = self.met.iter().filter(|(_, met)| **met > MAXIMUM_PROBLEMS);
        self.problems.extend(untold.map(|(code, met)| Problem {
            code: *code,
            message: format!(
                "This was met {met} times; the first {MAXIMUM_PROBLEMS} of them are told."
            ),
            path: None,
        }));
        Gathered {
            binaries: self.binaries,
            claims: self.claims,
            problems: self.problems,
        }
    }

    /// Reports names that occur twice or could leave the folder.
    pub(super) fn check_names(&mut self, entries: &[Entry]) {
        let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(entries.len());
        for entry in entries {
            let name = member_name::unpacked(&entry.name)
                .map_or_else(|| Cow::from(&entry.name), Cow::from);
            if !seen.insert(name) {
                let message =
                    "Two members have this name; each is looked at where it stands.".to_owned();
                self.problem(ProblemCode::DuplicateMember, Some(&entry.name), message);
            }
            self.check_name(&entry.name, &entry.name);
        }
    }

    /// Counts a member of a nested archive; says whether it may be read.
    pub(super) fn count_member(&mut self, archive: &str) -> bool {
        self.members = self.members.saturating_add(1);
        let most = self.limits.members.saturating_mul(NESTED_MEMBERS);
        let is_allowed = self.members <= most;
        if !is_allowed {
            let message = format!(
                "The limit `members` ({}) is reached: the archives inside have more than {NESTED_MEMBERS} times as many altogether; the rest was not read.",
                self.limits.members
            );
            self.problem(ProblemCode::LimitReached, Some(archive), message);
        }
        is_allowed
    }

    /// Whether an archive may be read that is a member of this depth; told if not.
    pub(super) fn may_enter(&mut self, path: &str, depth: u32) -> bool {
        let is_allowed = depth < self.limits.nesting;
        if !is_allowed {
            let message = format!(
                "The limit `nesting` ({}) is reached; the archive inside was not read.",
                self.limits.nesting
            );
            self.problem(ProblemCode::LimitReached, Some(path), message);
        }
        is_allowed
    }

    /// Whether one more decoder may have a window; told if not. Its user gives it back.
    pub(super) fn may_open_window(&mut self, path: &str) -> bool {
        let is_allowed = self.windows < MAXIMUM_WINDOWS;
        if is_allowed {
            self.windows = self.windows.saturating_add(1);
        } else {
            let message = format!(
                "The member is packed with a large window inside of {MAXIMUM_WINDOWS} others; it was not read."
            );
            self.problem(ProblemCode::UnsupportedMember, Some(path), message);
        }
        is_allowed
    }

    /// Reports a name that could do harm where it is unpacked.
    pub(super) fn check_name(&mut self, name: &str, path: &str) {
        let message = if members::is_unsafe(name) {
            "The member's name could leave the folder it is unpacked to.".to_owned()
        } else if name.len() >= member_name::LONGEST {
            format!(
                "The member's name has {} bytes or more; no system unpacks it.",
                member_name::LONGEST
            )
        } else {
            return;
        };
        self.problem(ProblemCode::UnsafePath, Some(path), message);
    }

    /// How a member is packed, if it can be unpacked.
    pub(super) fn method(&mut self, entry: &Entry) -> Option<Method> {
        let method = Method::of(entry.method).filter(|_| !entry.encrypted);
        if method.is_none() {
            let what = if entry.encrypted {
                "The member is encrypted".to_owned()
            } else {
                format!(
                    "The member is packed by method {}, which is not supported",
                    entry.method
                )
            };
            let message = format!("{what}; it was not read.");
            self.problem(ProblemCode::UnsupportedMember, Some(&entry.name), message);
        }
        method
    }

    /// Takes what a binary keeps from what may be kept of all; says whether it was there.
    pub(super) fn keep(&mut self, binary: &Binary) -> bool {
        self.spend(binary.bytes())
    }

    /// Keeps what an SBOM claims.
    pub(super) fn claim(&mut self, path: &str, claims: Vec<Claim>) {
        for claim in claims {
            let bytes = claim.path.len().saturating_add(claim.version.len());
            if !self.spend((bytes as u64).saturating_add(PART_BYTES)) {
                let message = self.out_of_evidence("not all that the SBOM claims was kept");
                self.problem(ProblemCode::LimitReached, Some(path), message);
                return;
            }
            self.claims.push(claim);
        }
    }

    pub(super) fn out_of_evidence(&self, what: &str) -> String {
        let limit = self.limits.evidence_bytes;
        format!("The limit `evidence-bytes` ({limit}) is reached; {what}.")
    }

    fn spend(&mut self, bytes: u64) -> bool {
        let left = self.evidence.checked_sub(bytes);
        self.evidence = left.unwrap_or(self.evidence);
        left.is_some()
    }

    pub(super) fn out_of_candidates(&mut self, path: &str) {
        let message = format!(
            "The limit `candidates` ({}) is reached; the member was not searched to its end.",
            self.limits.candidates
        );
        self.broken(ProblemCode::LimitReached, path, message);
    }

    pub(super) fn wrong_sbom(&mut self, path: &str, wrong: &Wrong) {
        let message = match wrong {
            Wrong::TooLong => format!(
                "The SBOM is longer than the limit `sbom-bytes` allows ({}); it was not read.",
                self.limits.sbom_bytes
            ),
            Wrong::Malformed(what) => format!("The SBOM is not JSON of a known form: {what}."),
        };
        self.problem(ProblemCode::MalformedSbom, Some(path), message);
    }

    pub(super) fn corrupt(&mut self, path: &str, error: &io::Error) {
        let message = format!("The member cannot be unpacked: {error}.");
        self.broken(ProblemCode::MemberCorrupt, path, message);
    }

    /// Reports a member that was not read to its end or is damaged.
    pub(super) fn broken(&mut self, code: ProblemCode, path: &str, message: String) {
        if let Some(binary) = self.binaries.last_mut().filter(|last| last.path == path) {
            binary.is_cut = true;
        }
        self.problem(code, Some(path), message);
    }

    pub(super) fn stopped(&mut self, stop: Stop, member: &Packed<'_>) {
        let (code, message) = match stop {
            Stop::TooLong => (
                ProblemCode::MemberCorrupt,
                format!(
                    "The member unpacks to more than the {} bytes that the directory says.",
                    member.size
                ),
            ),
            Stop::Budget => (
                ProblemCode::LimitReached,
                format!(
                    "The limit `inflated-bytes` ({}) is reached; the member was not read to its end.",
                    self.limits.inflated_bytes
                ),
            ),
            Stop::Ratio => (
                ProblemCode::LimitReached,
                format!(
                    "The limit `inflated-ratio` ({}) is reached: it unpacks to more than so many times its packed length; the member was not read to its end.",
                    self.limits.inflated_ratio
                ),
            ),
        };
        self.broken(code, member.path, message);
    }
}
