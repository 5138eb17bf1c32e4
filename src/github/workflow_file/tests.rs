use insta::assert_snapshot;
use rstest::rstest;

use super::*;

const WHEELS: &str = r#"
name: wheels
on:
  push:
    tags: ["*"]
  workflow_dispatch:
    inputs:
      version:
        description: The version to build
        required: true
      openssl-version:
        description: OpenSSL
        required: true
        type: string
        default: ""
      publish:
        type: boolean
        default: false
      target:
        type: choice
        required: true
        default: all
        options: [all, linux, macos]
jobs: {}
"#;

fn workflow(file: &str) -> Start {
    Start::Workflow(file.to_owned())
}

fn given(inputs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    inputs.iter().map(owned).collect()
}

fn problems(yaml: &str, inputs: &[(&str, &str)]) -> String {
    dispatch_problems(yaml, &workflow("wheels.yml"), &given(inputs)).join("\n")
}

#[test]
fn nothing_stands_against_a_good_dispatch() {
    let inputs = [
        ("version", "46.0.4"),
        ("OpenSSL-Version", "{{ openssl.version }}"),
        ("publish", "true"),
        ("target", "linux"),
    ];
    assert_eq!(problems(WHEELS, &inputs), "");
}

#[test]
fn what_is_wrong_with_the_inputs_is_said() {
    let inputs = [
        ("versoin", "46.0.4"),
        ("publish", "yes"),
        ("target", "windows"),
        ("wheel-builder", "x"),
    ];
    assert_snapshot!(problems(WHEELS, &inputs), @r"
    the input `publish` of wheels.yml is to be true or false; the step gives `yes`
    the input `target` of wheels.yml is to be one of all, linux, macos; the step gives `windows`
    wheels.yml has no input `versoin`; did you mean `version`?
    wheels.yml has no input `wheel-builder`; known are version, openssl-version, publish, target
    wheels.yml requires the input `version`: add it to `inputs` of the step
    wheels.yml requires the input `openssl-version`: add it to `inputs` of the step
    ");
}

#[rstest]
#[case("on: workflow_dispatch", "")]
#[case("on: [push, workflow_dispatch]", "")]
#[case("'on':\n  workflow_dispatch:\n", "")]
#[case("on:\n  workflow_dispatch:\n    inputs:\n", "")]
#[case(
    "on: push",
    "wheels.yml cannot be started: add `workflow_dispatch:` below `on:`"
)]
#[case("on: [push]", "add `workflow_dispatch:`")]
#[case(
    "on:\n  push:\n    branches: [workflow_dispatch]\n",
    "add `workflow_dispatch:`"
)]
#[case("jobs: {workflow_dispatch: {}}", "has no `on`, so nothing starts it")]
#[case("on: [", "wheels.yml cannot be read: it is no YAML, line ")]
#[case("", "wheels.yml cannot be read: it is empty")]
fn a_trigger_is_found_in_every_form(#[case] yaml: &str, #[case] expected: &str) {
    let found = problems(yaml, &[]);
    assert!(found.contains(expected), "{found}");
    assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
}

#[rstest]
#[case("on: repository_dispatch", "")]
#[case("on: {repository_dispatch: {types: [openssl, other]}}", "")]
#[case("on: {repository_dispatch: {types: openssl}}", "")]
#[case(
    "on: {repository_dispatch: {types: [opensll]}}",
    "did you mean `opensll`?"
)]
#[case(
    "on: {repository_dispatch: {types: [rebuild]}}",
    "no workflow listens to the event `openssl`: add it to `types`"
)]
#[case(
    "on: workflow_dispatch",
    "add `repository_dispatch:` with `types: [openssl]`"
)]
fn an_event_is_listened_to(#[case] yaml: &str, #[case] expected: &str) {
    let event = Start::Event("openssl".to_owned());
    let found = dispatch_problems(yaml, &event, &given(&[("any", "thing")])).join("\n");
    assert!(found.contains(expected), "{found}");
    assert_eq!(found.is_empty(), expected.is_empty(), "{found}");
}

#[test]
fn a_workflow_that_takes_nothing_says_so() {
    let found = problems("on: workflow_dispatch", &[("version", "1")]);
    assert_eq!(found, "wheels.yml has no input `version`; it takes none");
}

#[rstest]
#[case("active", None)]
#[case("disabled_manually", Some("somebody switched it off"))]
#[case("disabled_inactivity", Some("60 days"))]
#[case("deleted", Some("name another workflow"))]
#[case("something_new", Some("GitHub does not call it active"))]
fn a_workflow_that_is_off_is_said(#[case] state: &str, #[case] expected: Option<&str>) {
    let found = state_problem("wheels.yml", state);
    assert_eq!(found.is_some(), expected.is_some());
    assert!(
        found
            .unwrap_or_default()
            .contains(expected.unwrap_or_default())
    );
}
