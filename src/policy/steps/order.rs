//! Which steps a target has, in the order of their needs.

use std::collections::BTreeSet;

use crate::model::repository::RepositoryName;
use crate::model::step::{Step, StepKind};
use crate::model::{OpensslVersion, Series};

/// The steps of a series, each after those that it needs; of two that need nothing of each other,
/// the one that is written first comes first. A step that needs itself, which the configuration
/// refuses, is left out.
pub fn in_order(steps: &[Step], series: Series) -> Vec<&Step> {
    let mut waiting: Vec<&Step> = steps.iter().filter(|step| step.is_for(series)).collect();
    let mut ordered: Vec<&Step> = Vec::new();
    loop {
        let ready = waiting.iter().position(|step| {
            needs(step, steps, series)
                .iter()
                .all(|need| ordered.iter().any(|done| done.name == need.name))
        });
        match ready {
            Some(at) => ordered.push(waiting.remove(at)),
            None => return ordered,
        }
    }
}

/// The steps that this one needs, for targets of a series: those of other series are left out.
pub fn needs<'a>(step: &Step, steps: &'a [Step], series: Series) -> Vec<&'a Step> {
    steps
        .iter()
        .filter(|other| step.needs.contains(&other.name) && other.is_for(series))
        .collect()
}

/// The `file` steps in the same repository that a step needs, directly or through others.
pub fn files_needed<'a>(
    step: &Step,
    steps: &'a [Step],
    target: &OpensslVersion,
    project: &RepositoryName,
) -> Vec<&'a Step> {
    let repository = |step: &Step| step.repository.clone().unwrap_or_else(|| project.clone());
    let own = repository(step);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open = needs(step, steps, target.series());
    let mut found = Vec::new();
    while let Some(need) = open.pop() {
        if !seen.insert(&need.name) {
            continue;
        }
        if matches!(need.kind, StepKind::File { .. }) && repository(need).is_same(&own) {
            found.push(need);
        }
        open.extend(needs(need, steps, target.series()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(name: &str, needs: &[&str], series: Option<&str>) -> Step {
        Step {
            name: name.to_owned(),
            repository: None,
            needs: needs.iter().map(|&need| need.to_owned()).collect(),
            platforms: Vec::new(),
            series: series.map(|series| series.parse().unwrap()),
            kind: StepKind::File {
                path: name.to_owned(),
                reference: None,
                contains: String::new(),
            },
            attempts: 3,
            reruns: 2,
        }
    }

    fn names(steps: &[&Step]) -> Vec<String> {
        steps.iter().map(|step| step.name.clone()).collect()
    }

    #[test]
    fn steps_follow_what_they_need() {
        let steps = [
            step("wheels", &["linux", "macos"], None),
            step("linux", &["bump"], None),
            step("macos", &["bump", "old"], None),
            step("bump", &[], None),
            step("old", &[], Some("3.0")),
        ];
        let series = "3.5".parse().unwrap();
        assert_eq!(
            names(&in_order(&steps, series)),
            ["bump", "linux", "macos", "wheels"]
        );
        let series = "3.0".parse().unwrap();
        assert_eq!(
            names(&in_order(&steps, series)),
            ["bump", "linux", "old", "macos", "wheels"]
        );
    }

    #[test]
    fn files_are_needed_through_others_but_not_of_other_repositories() {
        let elsewhere: RepositoryName = "pyca/infra".parse().unwrap();
        let project: RepositoryName = "pyca/cryptography".parse().unwrap();
        let mut steps = vec![
            step("bump", &[], None),
            step("other", &[], None),
            step("build", &["bump", "other"], None),
            step("wheels", &["build"], None),
        ];
        for name in ["bump", "wheels"] {
            let at = steps.iter().position(|step| step.name == name).unwrap();
            steps[at].repository = Some("PYCA/infra".parse().unwrap());
        }
        steps[2].repository = Some(elsewhere);
        let target = "3.5.4".parse().unwrap();
        let found = files_needed(&steps[3], &steps, &target, &project);
        assert_eq!(names(&found), ["build", "bump"]);
        let found = files_needed(&steps[0], &steps, &target, &project);
        assert!(found.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_comes_before_its_needs(edges in proptest::collection::vec((0_usize..8, 0_usize..8), 0..20)) {
            let mut steps: Vec<Step> = (0..8).map(|n| step(&n.to_string(), &[], None)).collect();
            for (a, b) in edges {
                steps[a].needs.push(b.to_string());
            }
            let ordered = in_order(&steps, "3.5".parse().unwrap());
            for (at, one) in ordered.iter().enumerate() {
                for need in &one.needs {
                    prop_assert!(ordered[..at].iter().any(|before| before.name == *need));
                }
            }
        }
    }
}
