//! What the fuzzer begins with: small files for each of its targets, made here and kept in
//! `fuzz/seeds`, so that it needs nothing of these tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::binary::{
    ENDED, Machine, VULNERABLE, elf, mach_o, openssl_texts, openssl_texts_without_version, pe,
    universal,
};
use crate::support::{hostile, wheel};

/// Set to write the seeds anew instead of comparing them.
const WRITE: &str = "REWHEEL_WRITE_SEEDS";

fn seeds() -> BTreeMap<String, Vec<u8>> {
    let texts = openssl_texts(VULNERABLE);
    let shared = elf(
        Machine::X86_64,
        Some("libcrypto.so.3"),
        &["libc.so.6"],
        &texts,
    );
    let user = elf(Machine::Aarch64, None, &["libssl.so.3"], b"");
    let thin = mach_o(Machine::Aarch64, &["/opt/lib/libssl.3.dylib"], &texts);
    let fat = universal(&[
        (Machine::X86_64, mach_o(Machine::X86_64, &[], &texts)),
        (Machine::Aarch64, thin.clone()),
    ]);
    let windows = pe(Machine::X86_64, &["libssl-3-x64.dll"], &texts);
    let plain = wheel::build_stored(&[("a.so", &shared), ("b.so", &user)]);
    let packed = wheel::build(&[("a.so", &shared), ("c/inner.jar", &plain)]);
    let tar = hostile::tar(&[("a.so", &shared), ("b.jar", &packed)]);
    let bom = br#"{"bomFormat": "CycloneDX", "components": [{"name": "openssl-src", "version": "300.6.0+3.6.2", "purl": "pkg:cargo/openssl-src@300.6.0+3.6.2", "components": [{"name": "libssl3", "version": "3.5.7-r0", "purl": "pkg:apk/alpine/libssl3@3.5.7-r0"}]}]}"#;
    let spdx = br#"{"spdxVersion": "SPDX-2.3", "packages": [{"name": "openssl", "versionInfo": "3.0.8", "externalRefs": [{"referenceLocator": "pkg:generic/openssl@3.0.8"}]}]}"#;
    let with_bom = wheel::build_stored(&[("a.so", &shared), ("a-1.dist-info/sboms/a.json", bom)]);
    let files: [(&str, &[u8]); 24] = [
        ("banner/carried", &texts),
        ("banner/ended", &openssl_texts(ENDED)),
        ("banner/no-version", &openssl_texts_without_version()),
        ("directory/stored", &plain),
        ("directory/zip64", &hostile::zip64(&plain)),
        ("elf/shared", &shared),
        ("elf/user", &user),
        ("mach_o/thin", &thin),
        ("mach_o/universal", &fat),
        ("member/elf", &shared),
        ("member/gzip", &hostile::gzip(&tar)),
        ("member/jar", &packed),
        ("member/mach-o", &thin),
        ("member/pe", &windows),
        ("member/tar", &tar),
        ("pe/library", &windows),
        ("pe/plain", &pe(Machine::Aarch64, &[], b"")),
        ("sbom/cyclonedx", bom),
        ("sbom/spdx", spdx),
        ("wheel/nested", &packed),
        ("wheel/sbom", &with_bom),
        ("wheel/stored", &plain),
        ("wheel/tar", &wheel::build(&[("a.tar", &tar)])),
        ("wheel/zip64", &hostile::zip64(&plain)),
    ];
    files
        .into_iter()
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .collect()
}

fn kept(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let mut kept = BTreeMap::new();
    for target in list(folder) {
        for file in list(&target) {
            let path = file.strip_prefix(folder).unwrap().to_string_lossy();
            kept.insert(path.replace('\\', "/"), std::fs::read(&file).unwrap());
        }
    }
    kept
}

#[test]
fn the_seeds_of_the_fuzzer_are_those_made_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let made = seeds();
    if std::env::var_os(WRITE).is_some() {
        for (path, bytes) in &made {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    let kept = kept(&folder);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&made), "run it again with {WRITE}=1");
    for (path, bytes) in &made {
        assert!(kept[path] == *bytes, "{path}: run it again with {WRITE}=1");
    }
}
