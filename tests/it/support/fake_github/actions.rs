//! Workflows, their runs, and what comes out of them.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::{Captures, Regex};
use serde_json::Value;

/// What a run's name may take from the event that started it. What is not given is empty.
static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    let of = r"inputs|github\.event\.inputs|github\.event\.client_payload";
    Regex::new(&format!(r"\$\{{\{{ *(?<of>{of})\.(?<name>[\w-]+) *\}}\}}")).unwrap()
});

/// A workflow of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// Set when it is added to a repository.
    pub id: u64,
    /// `wheels.yml`, below `.github/workflows`.
    pub file: String,
    pub name: String,
    /// `active`, `disabled_manually`, …
    pub state: String,
    /// The inputs of `workflow_dispatch`; none when it has no such trigger.
    pub inputs: Option<Vec<Input>>,
    /// The types of `repository_dispatch`; none when it has no such trigger, empty for all types.
    pub types: Option<Vec<String>>,
    /// With `${{ inputs.x }}` and `${{ github.event.client_payload.x }}`.
    pub run_name: Option<String>,
    pub created: DateTime<Utc>,
}

/// An input of `workflow_dispatch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: String,
    pub required: bool,
    pub default: Option<String>,
    /// What it may be; empty when it may be anything.
    pub choices: Vec<String>,
}

impl Input {
    pub fn required(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            required: true,
            default: None,
            choices: Vec::new(),
        }
    }

    pub fn optional(name: &str) -> Self {
        Self {
            required: false,
            ..Self::required(name)
        }
    }

    pub fn choice(name: &str, choices: &[&str]) -> Self {
        Self {
            choices: choices.iter().map(|&one| one.to_owned()).collect(),
            ..Self::required(name)
        }
    }
}

impl Workflow {
    /// A workflow that only pushes start.
    pub fn new(file: &str) -> Self {
        let name = file.split('.').next().unwrap_or_default();
        Self {
            id: 0,
            file: file.to_owned(),
            name: name.to_owned(),
            state: "active".to_owned(),
            inputs: None,
            types: None,
            run_name: None,
            created: DateTime::UNIX_EPOCH,
        }
    }

    /// With `workflow_dispatch` and these inputs.
    #[must_use]
    pub fn dispatched(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.inputs = Some(inputs.into_iter().collect());
        self
    }

    /// With `repository_dispatch` for these types, or all if there are none.
    #[must_use]
    pub fn on_event(mut self, types: &[&str]) -> Self {
        self.types = Some(types.iter().map(|&one| one.to_owned()).collect());
        self
    }

    #[must_use]
    pub fn run_name(mut self, run_name: &str) -> Self {
        self.run_name = Some(run_name.to_owned());
        self
    }

    /// Where its file is.
    pub fn path(&self) -> String {
        format!(".github/workflows/{}", self.file)
    }

    /// Its file.
    pub fn yaml(&self) -> String {
        let mut text = format!("name: {}\n", self.name);
        if let Some(run_name) = &self.run_name {
            text += &format!("run-name: {run_name}\n");
        }
        text += "on:\n  push:\n";
        if let Some(inputs) = &self.inputs {
            text += "  workflow_dispatch:\n";
            if !inputs.is_empty() {
                text += "    inputs:\n";
            }
            for input in inputs {
                text += &format!(
                    "      {}:\n        required: {}\n",
                    input.name, input.required
                );
                if let Some(default) = &input.default {
                    text += &format!("        default: {default}\n");
                }
                if !input.choices.is_empty() {
                    let choices = input.choices.join(", ");
                    text += &format!("        type: choice\n        options: [{choices}]\n");
                }
            }
        }
        if let Some(types) = &self.types {
            text += "  repository_dispatch:\n";
            if !types.is_empty() {
                text += &format!("    types: [{}]\n", types.join(", "));
            }
        }
        text + "jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make wheel\n"
    }

    /// The title of a run that these inputs or this payload started.
    pub fn title(&self, inputs: &BTreeMap<String, String>, payload: &Value) -> String {
        let Some(run_name) = &self.run_name else {
            return self.name.clone();
        };
        let value = |found: &Captures<'_>| {
            let name = &found["name"];
            match &found["of"] {
                "github.event.client_payload" => match &payload[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
                _ => inputs.get(name).cloned().unwrap_or_default(),
            }
        };
        EXPRESSION.replace_all(run_name, value).into_owned()
    }
}

/// A run of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub id: u64,
    pub workflow: u64,
    pub number: u64,
    pub attempt: u64,
    /// `workflow_dispatch`, `repository_dispatch`, `push`, …
    pub event: String,
    pub branch: String,
    pub sha: String,
    pub actor: String,
    /// Who started the latest attempt.
    pub triggering_actor: String,
    /// `queued`, `in_progress`, `completed`, …
    pub status: String,
    pub conclusion: Option<String>,
    pub title: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub inputs: BTreeMap<String, String>,
    /// The payload of a `repository_dispatch`, else null.
    pub payload: Value,
    pub jobs: Vec<Job>,
    pub artifacts: Vec<Artifact>,
}

impl Run {
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }
}

/// A job of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Set when the run has it.
    pub id: u64,
    /// The attempt of the run, set with that.
    pub attempt: u64,
    pub name: String,
    /// None while it works.
    pub conclusion: Option<String>,
}

impl Job {
    pub fn new(name: &str, conclusion: &str) -> Self {
        Self {
            id: 0,
            attempt: 0,
            name: name.to_owned(),
            conclusion: Some(conclusion.to_owned()),
        }
    }
}

/// An artifact of a run: a ZIP archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Set when the run has it.
    pub id: u64,
    pub name: String,
    pub archive: Vec<u8>,
    pub expired: bool,
}

impl Artifact {
    /// An archive of these files.
    pub fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (path, content) in files {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*path, options).unwrap();
            writer.write_all(content).unwrap();
        }
        let archive = writer.finish().unwrap().into_inner();
        Self {
            id: 0,
            name: name.to_owned(),
            archive,
            expired: false,
        }
    }
}
