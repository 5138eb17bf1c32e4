#!/usr/bin/env bash
# Builds a static OpenSSL from a source archive, on macOS and inside cibuildwheel's Linux images.
#
#   build-openssl.sh ARCHIVE PREFIX
set -euo pipefail

archive=$1
prefix=$2

# What Configure needs of Perl, which the images have only a part of.
if ! perl -MIPC::Cmd -MTime::Piece -e 1 2>/dev/null; then
    if command -v yum >/dev/null; then
        yum install --assumeyes perl-core
    elif command -v apk >/dev/null; then
        apk add perl
    fi
fi
if command -v apk >/dev/null; then
    apk add linux-headers
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xzf "$archive" -C "$work" --strip-components 1
cd "$work"
# openssldir is where OpenSSL looks for certificates and its configuration on the machines of users.
./config --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl no-shared no-tests -fPIC
make -j "$(getconf _NPROCESSORS_ONLN)"
# The libraries and headers, without the manual.
make install_sw
