//! What a release consists of: its source archive, and what proves it.

use std::collections::BTreeMap;

use super::openssl_version::OpensslVersion;

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name, `openssl-3.5.4.tar.gz`.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 as the list of releases tells it, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// Its address, `…/releases/download/TAG/NAME`.
    pub url: String,
}

/// A source archive with the addresses of what proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceArchive<'a> {
    /// The archive.
    pub archive: &'a Asset,
    /// The file with its SHA-256, `HASH *NAME`.
    pub checksum: Option<&'a Asset>,
    /// The file with its OpenPGP signature.
    pub signature: Option<&'a Asset>,
}

/// The files of releases, by version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseAssets(BTreeMap<OpensslVersion, Vec<Asset>>);

impl ReleaseAssets {
    /// The files of these releases.
    pub fn new(assets: impl IntoIterator<Item = (OpensslVersion, Vec<Asset>)>) -> Self {
        Self(assets.into_iter().collect())
    }

    /// The files of one release; none when the list of releases names none.
    pub fn of(&self, version: &OpensslVersion) -> &[Asset] {
        self.0.get(version).map_or(&[], Vec::as_slice)
    }

    /// The source archive of a release, `openssl-X.tar.gz`.
    pub fn source_archive(&self, version: &OpensslVersion) -> Option<SourceArchive<'_>> {
        let name = format!("openssl-{version}.tar.gz");
        let named = |wanted: &str| {
            let assets = self.0.get(version)?;
            assets.iter().find(|asset| asset.name == wanted)
        };
        Some(SourceArchive {
            archive: named(&name)?,
            checksum: named(&format!("{name}.sha256")),
            signature: named(&format!("{name}.asc")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_its_checksum_and_signature() {
        let asset = |name: &str| Asset {
            name: name.to_owned(),
            size: 1,
            sha256: None,
            url: format!("https://host.example/releases/download/openssl-3.5.4/{name}"),
        };
        let version: OpensslVersion = "3.5.4".parse().unwrap();
        let assets = ReleaseAssets::new([(
            version.clone(),
            vec![
                asset("openssl-3.5.4.tar.gz.sha256"),
                asset("openssl-3.5.4.tar.gz"),
            ],
        )]);
        let archive = assets.source_archive(&version).unwrap();
        assert_eq!(archive.archive.name, "openssl-3.5.4.tar.gz");
        assert!(archive.checksum.is_some());
        assert!(archive.signature.is_none());
        assert!(assets.source_archive(&"3.5.3".parse().unwrap()).is_none());
    }
}
