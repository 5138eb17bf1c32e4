#!/usr/bin/env bash
# Publishes the crate that is checked out, unless an earlier attempt did: no version can be published twice.
#
#   CARGO_REGISTRY_TOKEN=… VERSION=1.2.3 RUNNER_TEMP=… deploy/release/crate.sh
set -euo pipefail

# Elsewhere: among its own sources cargo would tell of those. What cannot be told is tried, and fails when
# it is there.
if (cd "$RUNNER_TEMP" && cargo info --registry crates-io --quiet "rewheel@$VERSION") >/dev/null 2>&1; then
    echo "rewheel $VERSION is published already"
    exit
fi
cargo publish --locked --no-verify
