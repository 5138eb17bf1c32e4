#!/usr/bin/env bash
# Makes a commit that changes one file, through GitHub's API, which signs it, and prints the SHA-1 of its
# tree and its own. No reference leads to it yet.
#
#   GH_TOKEN=… GITHUB_REPOSITORY=owner/name GITHUB_SHA=… deploy/release/commit.sh PATH FILE MESSAGE
set -euo pipefail

api=repos/$GITHUB_REPOSITORY/git
base=$(gh api "$api/commits/$GITHUB_SHA" --jq .tree.sha)
tree=$(jq --null-input --arg base "$base" --arg path "$1" --rawfile content "$2" \
    '{base_tree: $base, tree: [{path: $path, mode: "100644", type: "blob", content: $content}]}' |
    gh api --method POST "$api/trees" --input - --jq .sha)
commit=$(jq --null-input --arg tree "$tree" --arg parent "$GITHUB_SHA" --arg message "$3" \
    '{message: $message, tree: $tree, parents: [$parent]}' |
    gh api --method POST "$api/commits" --input - --jq .sha)
echo "$tree $commit"
