#!/usr/bin/env bash
# Drafts the release of a tag that is there, and uploads its files.
#
#   GH_TOKEN=… GITHUB_REPOSITORY=owner/name TAG=v1.2.3 deploy/release/draft.sh NOTES FILE...
set -euo pipefail

notes=$1
shift
export GH_REPO=$GITHUB_REPOSITORY
kind=()
# 1.2.3-rc.1 is nothing that anybody is to be led to as the newest.
if [[ $TAG == *-* ]]; then kind=(--prerelease); fi
# An earlier attempt may have come this far.
gh release view "$TAG" >/dev/null ||
    gh release create "$TAG" --verify-tag --draft "${kind[@]}" --title "$TAG" --notes-file "$notes"
gh release upload "$TAG" --clobber "$@"
