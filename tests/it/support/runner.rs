//! A runner of GitHub Actions, as far as a composite action needs one: it reads `action.yml`, evaluates
//! the expressions of its `env:`, runs its scripts with bash, and reads the files that they write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};
use tempfile::TempDir;

/// A job in which the action is a step.
pub struct Job {
    folder: TempDir,
    variables: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
    /// The token that GitHub gives to the job.
    pub token: String,
}

/// What the action came to.
#[derive(Debug)]
pub struct Done {
    /// Whether every step ended well.
    pub succeeded: bool,
    /// What the steps said.
    pub log: String,
    /// The action's outputs.
    pub outputs: BTreeMap<String, String>,
    /// The summary of the job.
    pub summary: String,
}

impl Job {
    /// A scheduled job on the default branch of a repository. `cargo` is played: it installs the
    /// command that is tested.
    pub fn scheduled(repository: &str, api: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "temp", "workspace", "home"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let cargo = format!(
            "#!/bin/sh\nwhile [ \"$1\" != --root ]; do shift; done\n\
             mkdir -p \"$2/bin\" && ln -s '{}' \"$2/bin/rewheel\"\n",
            env!("CARGO_BIN_EXE_rewheel")
        );
        let script = folder.path().join("bin/cargo");
        write_script(&script, &cargo);
        let event = r#"{"repository": {"default_branch": "main"}}"#;
        std::fs::write(folder.path().join("event.json"), event).unwrap();
        let mut job = Self {
            variables: BTreeMap::new(),
            inputs: BTreeMap::new(),
            token: token.to_owned(),
            folder,
        };
        let path = format!(
            "{}:{}",
            job.path("bin").display(),
            std::env::var("PATH").unwrap()
        );
        let root = env!("CARGO_MANIFEST_DIR");
        job.set("PATH", &path)
            .set("NO_PROXY", "127.0.0.1,localhost")
            .set("GITHUB_ACTIONS", "true")
            .set("GITHUB_ACTION_PATH", root)
            .set("GITHUB_API_URL", api)
            .set("GITHUB_EVENT_NAME", "schedule")
            .set("GITHUB_REF", "refs/heads/main")
            .set("GITHUB_REPOSITORY", repository);
        for (name, inside) in [
            ("HOME", "home"),
            ("RUNNER_TEMP", "temp"),
            ("GITHUB_WORKSPACE", "workspace"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ] {
            let path = job.path(inside).display().to_string();
            job.set(name, &path);
        }
        job
    }

    /// A path in the job's folder.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Sets a variable of the job.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives the action an input.
    pub fn with(&mut self, name: &str, value: &str) -> &mut Self {
        self.inputs.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts a file into the checked-out repository.
    pub fn check_out(&mut self, name: &str, text: &str) -> &mut Self {
        std::fs::write(self.path("workspace").join(name), text).unwrap();
        self
    }

    /// Runs the action's steps, one after the other, until one fails.
    pub fn run(&self) -> Done {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let action = yaml(&std::fs::read_to_string(root.join("action.yml")).unwrap());
        let mut context = Context::new(self, &action);
        let mut done = Done {
            succeeded: true,
            log: String::new(),
            outputs: BTreeMap::new(),
            summary: String::new(),
        };
        for step in action["runs"]["steps"].as_array().unwrap() {
            let (succeeded, log, outputs) = self.step(step, &context);
            done.log.push_str(&log);
            for (name, value) in outputs {
                let id = step["id"].as_str().unwrap();
                let name = format!("steps.{id}.outputs.{name}");
                context.0.insert(name, value);
            }
            if !succeeded {
                done.succeeded = false;
                break;
            }
        }
        for (name, output) in action["outputs"].as_object().unwrap() {
            let value = context.evaluated(output["value"].as_str().unwrap());
            done.outputs.insert(name.clone(), value);
        }
        done.summary = std::fs::read_to_string(self.path("summary")).unwrap_or_default();
        done
    }

    fn step(&self, step: &Value, context: &Context) -> (bool, String, Vec<(String, String)>) {
        assert_eq!(step["shell"], "bash");
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "expanded in a script: {script}");
        let file = self.path("temp/script.sh");
        std::fs::write(&file, script).unwrap();
        let output_file = self.path("output");
        std::fs::write(&output_file, "").unwrap();
        let environment = step["env"].as_object().into_iter().flatten();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&file)
            .current_dir(self.path("workspace"))
            .env_clear()
            .envs(&self.variables)
            .env("GITHUB_OUTPUT", &output_file)
            .envs(environment.map(|(name, value)| {
                let value = value.as_str().unwrap();
                (name, context.evaluated(value))
            }))
            .output()
            .unwrap();
        let mut log = String::from_utf8(output.stdout).unwrap();
        log.push_str(&String::from_utf8(output.stderr).unwrap());
        let written = std::fs::read_to_string(&output_file).unwrap();
        (output.status.success(), log, outputs(&written))
    }
}

impl Done {
    /// The commands that the runner would see in the log, by its two rules.
    pub fn commands(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for line in self.log.lines() {
            if let Some(rest) = line.trim_start().strip_prefix("::") {
                found.extend(rest.split([' ', ':']).next());
            }
            found.extend(line.split("##[").skip(1));
        }
        found
    }

    /// Asserts that the step ended well.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert!(self.succeeded, "{self:#?}");
        self
    }

    /// Asserts that the log holds this text.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.log.contains(text), "no {text:?} in {self:#?}");
        self
    }
}

/// The values that expressions may name.
struct Context(BTreeMap<String, String>);

impl Context {
    fn new(job: &Job, action: &Value) -> Self {
        let mut known = BTreeMap::from([("github.token".to_owned(), job.token.clone())]);
        let inputs = action["inputs"].as_object().unwrap();
        for name in job.inputs.keys() {
            assert!(inputs.contains_key(name), "no such input: {name}");
        }
        let context = Self(known.clone());
        for (name, input) in inputs {
            let default = input["default"].as_str().unwrap();
            let given = job.inputs.get(name).cloned();
            let value = given.unwrap_or_else(|| context.evaluated(default));
            known.insert(format!("inputs.{name}"), value);
        }
        Self(known)
    }

    /// A value that is one expression, or none. What no step has written is empty.
    fn evaluated(&self, value: &str) -> String {
        let inner = value.strip_prefix("${{");
        let Some(name) = inner.and_then(|rest| rest.strip_suffix("}}")) else {
            assert!(!value.contains("${{"), "{value}");
            return value.to_owned();
        };
        let found = self.0.get(name.trim()).cloned();
        found.unwrap_or_else(|| {
            assert!(name.trim().starts_with("steps."), "{name}");
            String::new()
        })
    }
}

/// The outputs in a file, as the runner reads it.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, delimiter)) = line.split_once("<<") {
            let value: Vec<_> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            found.push((name.to_owned(), value.join("\n")));
        } else {
            let (name, value) = line.split_once('=').unwrap();
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}

/// A YAML document whose scalars are texts.
pub fn yaml(text: &str) -> Value {
    let mut open: Vec<(Value, Option<String>)> = Vec::new();
    for event in Parser::new_from_str(text) {
        let value = match event.unwrap().0 {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::MappingStart(..) => {
                open.push((Value::Object(Map::new()), None));
                continue;
            }
            Event::SequenceStart(..) => {
                open.push((Value::Array(Vec::new()), None));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => open.pop().unwrap().0,
            _ => continue,
        };
        match open.last_mut() {
            None => return value,
            Some((Value::Array(list), _)) => list.push(value),
            Some((Value::Object(entries), key)) => match key.take() {
                Some(name) => {
                    entries.insert(name, value);
                }
                None => *key = Some(value.as_str().unwrap().to_owned()),
            },
            Some(_) => panic!("neither a list nor a map"),
        }
    }
    panic!("no document")
}

/// A script that can be run.
pub fn write_script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
