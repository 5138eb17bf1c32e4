//! Files as a package index publishes them, and which of them are judged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use pep440_rs::{Version, VersionSpecifiers};

use super::platform::CoverageKey;
use super::wheel::{WheelName, highest_builds, normalize_package};

/// One file of a project: a wheel, or a source distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name.
    pub file: String,
    /// The project's version that it belongs to.
    pub version: Version,
    /// Its name taken apart; none for a source distribution.
    pub wheel: Option<WheelName>,
    /// Whether it was yanked (PEP 592).
    pub yanked: bool,
    /// When it was uploaded, where the index tells (PEP 700).
    pub uploaded: Option<DateTime<Utc>>,
}

impl PublishedFile {
    /// Takes a file's name apart. Returns none for what is neither a wheel nor a source
    /// distribution of that package: eggs, installers, signatures, files of other names.
    pub fn new(
        file: &str,
        package: &str,
        yanked: bool,
        uploaded: Option<DateTime<Utc>>,
    ) -> Option<Self> {
        let package = normalize_package(package);
        let wheel: Option<WheelName> = file.parse().ok();
        let version = match &wheel {
            Some(wheel) if wheel.package == package => wheel.version.clone(),
            Some(_) => return None,
            None => source_version(file, &package)?,
        };
        Some(Self {
            file: file.to_owned(),
            version,
            wheel,
            yanked,
            uploaded,
        })
    }
}

/// The version in the name of a source distribution, `NAME-VERSION.tar.gz` (PEP 625 and before).
fn source_version(file: &str, package: &str) -> Option<Version> {
    let stem = [".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))?;
    stem.match_indices('-').find_map(|(at, _)| {
        let (name, version) = stem.split_at_checked(at)?;
        (normalize_package(name) == package)
            .then(|| version.get(1..)?.parse().ok())
            .flatten()
    })
}

/// Which versions of a project are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The versions, as PEP 440 specifies them; all when none.
    pub versions: Option<VersionSpecifiers>,
    /// Whether pre-releases of the project count although the specifiers name none.
    pub pre_releases: bool,
}

impl Wanted {
    /// Whether a version is asked for. Pre-releases are only where the specifiers name one.
    fn holds(&self, version: &Version) -> bool {
        self.versions
            .as_ref()
            .is_none_or(|versions| versions.contains(version))
    }

    fn wants_pre_releases(&self) -> bool {
        self.pre_releases
            || self
                .versions
                .iter()
                .flat_map(|versions| versions.iter())
                .any(|one| one.version().any_prerelease())
    }

    /// An exact version is taken although all of its files were yanked, as installers do (PEP 592).
    fn is_exact(&self) -> bool {
        self.versions
            .iter()
            .flat_map(|versions| versions.iter())
            .any(|one| {
                matches!(
                    one.operator(),
                    pep440_rs::Operator::Equal | pep440_rs::Operator::ExactEqual
                )
            })
    }
}

/// One version of a project, with the wheels of it that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    /// The version.
    pub version: Version,
    /// Its wheels without lower builds of the same tags, ordered by coverage, then by name.
    /// Yanked ones are among them only when all files of the version were yanked.
    pub wheels: Vec<PublishedFile>,
    /// When its first file was uploaded.
    pub first_upload: Option<DateTime<Utc>>,
}

impl PublishedVersion {
    /// The coverage keys of its wheels.
    pub fn coverage(&self) -> BTreeSet<CoverageKey> {
        self.wheels
            .iter()
            .filter_map(|file| file.wheel.as_ref())
            .flat_map(WheelName::coverage)
            .collect()
    }
}

/// The versions asked for that have at least one file that counts, newest first.
pub fn versions(files: &[PublishedFile], wanted: &Wanted) -> Vec<PublishedVersion> {
    let mut by_version: BTreeMap<&Version, Vec<&PublishedFile>> = BTreeMap::new();
    for file in files.iter().filter(|file| wanted.holds(&file.version)) {
        by_version.entry(&file.version).or_default().push(file);
    }
    by_version.retain(|_, files| {
        let all_yanked = files.iter().all(|file| file.yanked);
        if !all_yanked {
            files.retain(|file| !file.yanked);
        }
        !all_yanked || wanted.is_exact()
    });
    if !wanted.wants_pre_releases() && by_version.keys().any(|version| !version.any_prerelease()) {
        by_version.retain(|version, _| !version.any_prerelease());
    }
    by_version
        .into_iter()
        .rev()
        .map(|(version, files)| PublishedVersion {
            version: version.clone(),
            first_upload: files.iter().filter_map(|file| file.uploaded).min(),
            wheels: counted_wheels(&files),
        })
        .collect()
}

fn counted_wheels(files: &[&PublishedFile]) -> Vec<PublishedFile> {
    let named: Vec<(WheelName, &PublishedFile)> = files
        .iter()
        .filter_map(|file| Some((file.wheel.clone()?, *file)))
        .collect();
    let mut wheels: Vec<(WheelName, &PublishedFile)> = highest_builds(named, |(name, _)| name);
    wheels.sort_by_cached_key(|(name, file)| (name.coverage(), file.file.clone()));
    wheels.into_iter().map(|(_, file)| file.clone()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn file(name: &str) -> PublishedFile {
        PublishedFile::new(name, "example", false, None).unwrap()
    }

    fn shown(files: &[PublishedFile], wanted: &Wanted) -> Vec<String> {
        versions(files, wanted)
            .iter()
            .map(|one| format!("{} ({})", one.version, one.wheels.len()))
            .collect()
    }

    fn wanted(versions: &str) -> Wanted {
        Wanted {
            versions: Some(versions.parse().unwrap()),
            pre_releases: false,
        }
    }

    #[rstest]
    #[case("example-1.2.3.tar.gz", Some("1.2.3"))]
    #[case("Example-1.2.3rc1.zip", Some("1.2.3rc1"))]
    #[case("example-1.2.3-py3-none-any.whl", Some("1.2.3"))]
    #[case("example-1.2.3-py3.11.egg", None)]
    #[case("example-1.2.3.tar.gz.asc", None)]
    #[case("example-other-1.2.3.tar.gz", None)]
    #[case("other-1.2.3-py3-none-any.whl", None)]
    fn takes_names_apart(#[case] name: &str, #[case] version: Option<&str>) {
        let found = PublishedFile::new(name, "example", false, None);
        assert_eq!(
            found.map(|file| file.version.to_string()).as_deref(),
            version
        );
    }

    #[test]
    fn the_newest_final_version_comes_first() {
        let files = [
            file("example-1.9.0-py3-none-any.whl"),
            file("example-1.10.0-py3-none-any.whl"),
            file("example-2.0.0rc1-py3-none-any.whl"),
            file("example-1.11.0.tar.gz"),
        ];
        assert_eq!(
            shown(&files, &Wanted::default()),
            ["1.11.0 (0)", "1.10.0 (1)", "1.9.0 (1)"]
        );
        assert_eq!(shown(&files, &wanted("~=1.9.0")), ["1.9.0 (1)"]);
        assert_eq!(shown(&files, &wanted(">=2.0.0rc1")), ["2.0.0rc1 (1)"]);
    }

    #[test]
    fn a_project_of_pre_releases_only_is_seen() {
        assert_eq!(
            shown(
                &[file("example-0.1b1-py3-none-any.whl")],
                &Wanted::default()
            ),
            ["0.1b1 (1)"]
        );
    }

    #[test]
    fn yanked_files_do_not_count_unless_named_exactly() {
        let yanked = |name: &str| PublishedFile {
            yanked: true,
            ..file(name)
        };
        let files = [
            yanked("example-2.0-py3-none-win_amd64.whl"),
            file("example-2.0-py3-none-win32.whl"),
            yanked("example-3.0-py3-none-win32.whl"),
        ];
        assert_eq!(shown(&files, &Wanted::default()), ["2.0 (1)"]);
        assert_eq!(shown(&files, &wanted("==3.0")), ["3.0 (1)"]);
    }

    #[test]
    fn yanked_files_do_not_count_beside_others_even_of_an_exact_version() {
        let yanked = |name: &str| PublishedFile {
            yanked: true,
            ..file(name)
        };
        let files = [
            yanked("example-2.0-py3-none-win_amd64.whl"),
            file("example-2.0-py3-none-win32.whl"),
            yanked("example-3.0-py3-none-win_amd64.whl"),
            file("example-3.0.tar.gz"),
        ];
        for exact in ["==2.0", "===2.0"] {
            let found = versions(&files, &wanted(exact));
            assert_eq!(found[0].wheels, [files[1].clone()], "{exact}");
        }
        assert_eq!(shown(&files, &wanted("==3.0")), ["3.0 (0)"]);
    }

    #[test]
    fn lower_builds_do_not_count() {
        let files = [
            file("example-2.0-1-py3-none-win32.whl"),
            file("example-2.0-2-py3-none-win32.whl"),
        ];
        let found = versions(&files, &Wanted::default());
        assert_eq!(found[0].wheels[0].file, "example-2.0-2-py3-none-win32.whl");
        assert_eq!(found[0].wheels.len(), 1);
    }
}
