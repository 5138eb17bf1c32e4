//! What SBOMs claim, held against what the binaries show.

use super::super::sbom::Claim;
use crate::model::{Finding, Problem, ProblemCode, SbomEntry};

/// Compares claims with findings. A claim that names a distribution's package whose patches keep
/// the version marks the findings of that version as patched.
pub(super) fn compare(
    claims: Vec<Claim>,
    findings: &mut [Finding],
    problems: &mut Vec<Problem>,
) -> Vec<SbomEntry> {
    claims
        .into_iter()
        .map(|claim| {
            let versions: Vec<String> = findings
                .iter()
                .filter(|finding| finding.library == claim.library)
                .filter_map(|finding| finding.version.clone())
                .collect();
            let agrees = versions.contains(&claim.upstream);
            if agrees && claim.patched {
                let same = |finding: &&mut Finding| {
                    finding.library == claim.library
                        && finding.version.as_deref() == Some(claim.upstream.as_str())
                };
                for finding in findings.iter_mut().filter(same) {
                    finding.distro_patched = true;
                }
            }
            if let Some(found) = versions.first().filter(|_| !agrees) {
                problems.push(Problem {
                    code: ProblemCode::SbomDisagrees,
                    message: format!(
                        "The SBOM names {} {}, the binaries hold {found}.",
                        claim.library, claim.version
                    ),
                    path: Some(claim.path.clone()),
                });
            }
            SbomEntry {
                path: claim.path,
                library: claim.library,
                version: claim.version,
                agrees,
            }
        })
        .collect()
}
