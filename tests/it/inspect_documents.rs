//! The document of `rewheel inspect`: held against its description, and as it is read.

use serde_json::{Value, json};

use crate::support::binary::{
    ENDED, Machine, VULNERABLE, elf, mach_o, openssl_texts, pe, universal, wheel_carrying,
};
use crate::support::command::User;
use crate::support::shape::differences;
use crate::support::wheel;

/// `rewheel/inspect/v1`.
fn description() -> Value {
    json!({
        "schema": "\"rewheel/inspect/v1\"",
        "wheels": [{
            "file": "string",
            "sha256": "sha256 | null",
            "hash_verified": "boolean",
            "size": "number",
            "bytes_read": "number",
            "package": "string | null",
            "version": "string | null",
            "platforms": [r#""linux" | "macos" | "windows" | "any""#],
            "tags": ["string"],
            "findings": [{
                "path": "string",
                "format": r#""elf" | "mach-o" | "pe""#,
                "arch": r#""x86_64" | "aarch64" | "i686" | "armv7l" | "ppc64le" | "s390x" | "riscv64" | "loongarch64""#,
                "library": r#""openssl" | "libressl" | "boringssl" | "aws-lc" | "tongsuo""#,
                "version": "string | null",
                "linkage": r#""static" | "vendored" | "external""#,
                "suffix": "string | null",
                "distro_patched": "boolean",
                "evidence": [{ "kind": "string", "text": "string", "offset": "number | null" }],
            }],
            "sbom": [{
                "path": "string",
                "library": "string",
                "version": "string",
                "agrees": "boolean",
            }],
            "problems": [{ "code": "string", "message": "string", "path": "string | null" }],
        }],
    })
}

/// A wheel of everything: each format, each linkage, an archive in it, an SBOM, damage.
fn everything() -> Vec<u8> {
    let texts = openssl_texts(VULNERABLE);
    let slices = [
        (
            Machine::X86_64,
            mach_o(Machine::X86_64, &[], &openssl_texts(ENDED)),
        ),
        (
            Machine::Aarch64,
            mach_o(Machine::Aarch64, &["/opt/lib/libssl.3.dylib"], b""),
        ),
    ];
    let shipped = elf(Machine::X86_64, Some("libcrypto.so.3"), &[], &texts);
    let user = elf(Machine::X86_64, None, &["libcrypto.so.3"], b"");
    let patched = openssl_texts("OpenSSL 1.1.1k  FIPS 25 Mar 2021");
    let inner = wheel::build(&[("lib.pyd", &pe(Machine::Aarch64, &[], &patched))]);
    let sbom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "components": [{ "type": "library", "name": "openssl", "version": "3.5.4" }],
    });
    wheel::build(&[
        ("demo/_mac.so", &universal(&slices)),
        ("demo/_linux.so", &user),
        ("demo.libs/libcrypto.so.3", &shipped),
        ("demo/inner.zip", &inner),
        ("demo/broken.so", b"\x7fELF\x02\x01\x01"),
        (
            "demo-1.0.dist-info/sboms/sbom.json",
            sbom.to_string().as_bytes(),
        ),
    ])
}

#[test]
fn the_document_is_as_described_and_tells_what_was_found() {
    let user = User::new();
    let name = "demo-1.0-2-cp39.cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
    let bytes = everything();
    std::fs::write(user.home().join(name), &bytes).unwrap();
    std::fs::write(user.home().join("no-name.whl"), b"no archive").unwrap();
    let ran = user.run(&["inspect", name, "no-name.whl", "--format", "json"]);
    ran.exits(3);
    let document = ran.json();
    assert_eq!(differences(&document, &description()), [""; 0]);

    let one = &document["wheels"][0];
    for (field, value) in [
        ("file", json!(name)),
        ("hash_verified", json!(false)),
        ("size", json!(bytes.len())),
        ("bytes_read", json!(bytes.len())),
        ("package", json!("demo")),
        ("version", json!("1.0")),
        ("platforms", json!(["linux"])),
        (
            "tags",
            json!([
                "cp39-abi3-manylinux_2_17_x86_64",
                "cp39-abi3-manylinux2014_x86_64",
                "cp310-abi3-manylinux_2_17_x86_64",
                "cp310-abi3-manylinux2014_x86_64",
            ]),
        ),
    ] {
        assert_eq!(one[field], value, "{field}");
    }
    assert_eq!(
        one["sha256"],
        rewheel::source::Sha256Sum::of(&bytes),
        "a local file is hashed"
    );
    let findings: Vec<Value> = one["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["path"],
                one["format"],
                one["arch"],
                one["version"],
                one["linkage"],
                one["suffix"],
                one["distro_patched"]
            ])
        })
        .collect();
    assert_eq!(
        json!(findings),
        json!([
            [
                "demo.libs/libcrypto.so.3",
                "elf",
                "x86_64",
                "3.5.4",
                "vendored",
                null,
                false
            ],
            [
                "demo/_mac.so",
                "mach-o",
                "x86_64",
                "1.1.1w",
                "static",
                null,
                false
            ],
            [
                "demo/_mac.so",
                "mach-o",
                "aarch64",
                null,
                "external",
                null,
                false
            ],
            [
                "demo/inner.zip!lib.pyd",
                "pe",
                "aarch64",
                "1.1.1k",
                "static",
                "FIPS",
                true
            ],
        ])
    );
    assert_eq!(
        one["sbom"],
        json!([{
            "path": "demo-1.0.dist-info/sboms/sbom.json",
            "library": "openssl",
            "version": "3.5.4",
            "agrees": true,
        }])
    );
    assert_eq!(one["problems"][0]["code"], "malformed-binary");
    assert_eq!(one["problems"][0]["path"], "demo/broken.so");

    let other = &document["wheels"][1];
    for field in ["package", "version"] {
        assert_eq!(other[field], Value::Null, "{field}");
    }
    assert_eq!(other["tags"], json!([]));
}

#[test]
fn the_place_of_evidence_is_told() {
    let user = User::new();
    let binary = elf(Machine::X86_64, None, &[], &openssl_texts(VULNERABLE));
    let name = "demo-1.0-py3-none-any.whl";
    std::fs::write(user.home().join(name), wheel_carrying(VULNERABLE)).unwrap();
    let ran = user.run(&["inspect", name, "--format", "json"]);
    let document = ran.json();
    let evidence = &document["wheels"][0]["findings"][0]["evidence"];
    let first = &evidence[0];
    assert_eq!(first["kind"], "version-text");
    assert_eq!(first["text"], VULNERABLE);
    let at = usize::try_from(first["offset"].as_u64().unwrap()).unwrap();
    // The wheel's binary names a library more than this one: the text stands a little later.
    let here = binary
        .windows(VULNERABLE.len())
        .position(|window| window == VULNERABLE.as_bytes())
        .unwrap();
    assert!(at > here && at < here + 64, "{at} and {here}");
    let kinds: Vec<&str> = evidence
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"marker"), "{kinds:?}");
}

#[test]
fn a_requirement_that_is_not_met_stands_in_the_document() {
    let user = User::new();
    let name = "demo-1.0-py3-none-any.whl";
    std::fs::write(user.home().join(name), wheel_carrying(ENDED)).unwrap();
    let arguments = ["inspect", name, "--format", "json"];
    let ran = user.run(&arguments);
    assert_eq!(ran.exits(0).json()["wheels"][0]["unmet"], Value::Null);
    let gated = [&arguments[..], &["--require", "openssl>=3.5.4"]].concat();
    let ran = user.run(&gated);
    assert_eq!(
        ran.exits(1).json()["wheels"][0]["unmet"],
        json!(["demo/_tls.abi3.so (x86_64) carries openssl 1.1.1w, which is not openssl>=3.5.4"])
    );
}

/// What is only said beside the result must not keep it back.
#[cfg(target_os = "linux")]
#[test]
fn a_warning_that_cannot_be_written_keeps_no_result_back() {
    let index = crate::support::fake_index::FakeIndex::start_blocking();
    let wheel = crate::support::binary::wheel_without();
    let name = "demo-1.0-py3-none-any.whl";
    index.publish(
        "demo",
        crate::support::fake_index::FakeFile::new(name, wheel),
    );
    let user = crate::support::command::User::new();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = user
        .command()
        .args(["check-now", "demo", "-vv", "--index-url", &index.url()])
        .stderr(full)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0));
    assert!(!ran.stdout.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_no_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo-1.0-py3-none-any.whl");
    std::fs::write(&path, crate::support::binary::wheel_without()).unwrap();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_rewheel"))
        .arg("inspect")
        .arg(&path)
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3));
    let told = String::from_utf8(ran.stderr).unwrap();
    assert!(
        told.starts_with("error: the result cannot be written"),
        "{told}"
    );
}
