//! The kinds of texts that tell of a library.

/// A kind of text that tells of a library's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::scan) enum Mark {
    /// `OPENSSLDIR: "/usr/local/ssl"`; BoringSSL and AWS-LC say `n/a`.
    Directory,
    /// `ENGINESDIR: "/usr/lib64/engines-1.1"`, `MODULESDIR: "/usr/lib64/ossl-modules"`: the folder
    /// that the library was built to be installed to.
    Installed,
    /// `built on: ` and a date.
    BuiltOn,
    /// `openssl.cnf`.
    Configuration,
    /// `OPENSSL_ENGINES`, the environment variable.
    Engines,
    /// `providers/implementations/`, a source path of OpenSSL 3.0 and later.
    Providers,
    /// `openssl-version`, the parameter beside which providers keep their version.
    ProviderParameter,
    /// `ssl/ssl_lib.c`, `ssl/statem/`: libssl's own source paths.
    SslSource,
    /// `crypto/init.c`, which only OpenSSL from 1.1.0 on has.
    CryptoSource,
    /// A source path below a folder called `boringssl`.
    BoringSource,
    /// The name BoringSSL.
    BoringName,
    /// A source path below a folder called `aws-lc`.
    AwsLcSource,
    /// `AWS-LC KEM method` and its like.
    AwsLcName,
    /// `OpenSSL_version_num`, the name of the function that returns the version.
    VersionFunction,
    /// `rh-allow-sha1-signatures`, a configuration key that only Red Hat's patches know.
    RedHat,
}
