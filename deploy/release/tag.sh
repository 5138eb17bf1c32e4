#!/usr/bin/env bash
# Makes the commit that a release's tag is on, through GitHub's API, which signs it: the commit that was
# built, and in it the SHA-256 of what was built. Main keeps a sha256.json that names nothing, so that
# the action of a commit that is no release compiles itself.
#
#   GH_TOKEN=… GITHUB_REPOSITORY=owner/name GITHUB_SHA=… TAG=v1.2.3 deploy/release/tag.sh SHA256.JSON
set -euo pipefail

pins=$1
api=repos/$GITHUB_REPOSITORY/git
[[ $TAG =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || { echo 'that is no tag of a release' >&2; exit 1; }

base=$(gh api "$api/commits/$GITHUB_SHA" --jq .tree.sha)
tree=$(jq --null-input --arg base "$base" --rawfile pins "$pins" \
    '{base_tree: $base, tree: [{path: "deploy/action/sha256.json", mode: "100644", type: "blob", content: $pins}]}' |
    gh api --method POST "$api/trees" --input - --jq .sha)
commit=$(jq --null-input --arg tree "$tree" --arg parent "$GITHUB_SHA" --arg tag "$TAG" \
    '{message: "Release \($tag)", tree: $tree, parents: [$parent]}' |
    gh api --method POST "$api/commits" --input - --jq .sha)
gh api --method POST "$api/refs" --raw-field "ref=refs/tags/$TAG" --raw-field "sha=$commit" --silent
echo "$TAG is $commit"
