#!/usr/bin/env bash
# Tags the commit that was built, and in it the SHA-256 of what was built. Main keeps a sha256.json that
# names nothing, so that the action of a commit that is no release compiles itself.
#
#   GH_TOKEN=… GITHUB_REPOSITORY=owner/name GITHUB_SHA=… TAG=v1.2.3 deploy/release/tag.sh SHA256.JSON
set -euo pipefail

[[ $TAG =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo 'that is no tag of a release' >&2; exit 1; }
api=repos/$GITHUB_REPOSITORY/git
made=$("$(dirname "$0")/commit.sh" deploy/action/sha256.json "$1" "Release $TAG")
read -r tree commit <<<"$made"

# An earlier attempt may have come this far.
if there=$(gh api "$api/ref/tags/$TAG" --jq .object.sha 2>/dev/null); then
    is=$(gh api "$api/commits/$there" --jq '.tree.sha + " " + .parents[0].sha')
    [ "$is" = "$tree $GITHUB_SHA" ] || { echo "$TAG is there, and is something else" >&2; exit 1; }
    echo "$TAG is $there already"
    exit
fi
gh api --method POST "$api/refs" --raw-field "ref=refs/tags/$TAG" --raw-field "sha=$commit" --silent
echo "$TAG is $commit"
