#!/usr/bin/env bash
# Make the tokens of the stack in compose.yaml, once: plain ones for those who send them, hashes for the service.
set -euo pipefail
cd "$(dirname "$0")"

# The folder is its owner's alone; the files in it are readable to the containers they are mounted into.
mkdir -p .secrets
chmod 0700 .secrets

for name in read ingest; do
  if [ ! -s ".secrets/$name.token" ]; then
    head -c 32 /dev/urandom | base64 | tr -d '=+/\n' > ".secrets/$name.token"
    echo "made deploy/.secrets/$name.token"
  fi
done

{
  cat driftwarden.yaml
  echo "  tokens:"
  for name in read ingest; do
    hash=$(tr -d '\n' < ".secrets/$name.token" | sha256sum | cut -d ' ' -f 1)
    echo "    - {name: stack-$name, role: $name, sha256: \"$hash\"}"
  done
} > .secrets/driftwarden.yaml
chmod 0644 .secrets/read.token .secrets/ingest.token .secrets/driftwarden.yaml
