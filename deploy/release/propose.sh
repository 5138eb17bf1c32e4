#!/usr/bin/env bash
# Proposes a newer data/openssl.json by a pull request from the branch `openssl-facts`, which is this
# script's own: it is moved to a new commit on top of what is checked out, whatever it held.
#
#   GH_TOKEN=… GITHUB_REPOSITORY=owner/name GITHUB_SHA=… deploy/release/propose.sh OPENSSL.JSON
set -euo pipefail

branch=openssl-facts
title='Refresh the facts about OpenSSL'
api=repos/$GITHUB_REPOSITORY
made=$("$(dirname "$0")/commit.sh" data/openssl.json "$1" "$title")
read -r _ commit <<<"$made"

if gh api "$api/git/ref/heads/$branch" --silent 2>/dev/null; then
    gh api --method PATCH "$api/git/refs/heads/$branch" --raw-field "sha=$commit" --field force=true --silent
else
    gh api --method POST "$api/git/refs" --raw-field "ref=refs/heads/$branch" --raw-field "sha=$commit" --silent
fi
open=$(gh api "$api/pulls?state=open&head=${GITHUB_REPOSITORY%%/*}:$branch" --jq length)
if [ "$open" = 0 ]; then
    jq --null-input --arg title "$title" --arg head "$branch" --rawfile body "$(dirname "$0")/proposal.md" \
        '{title: $title, head: $head, base: "main", body: $body}' |
        gh api --method POST "$api/pulls" --input - --silent
fi
echo "proposed as $commit"
