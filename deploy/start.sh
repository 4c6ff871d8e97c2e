#!/bin/sh
# Starts a server with exactly the permissions that its settings need: the server
# prints the command that grants them, and this script runs that command.
#
#     deploy/start.sh Hill --config=/etc/herd/herd.json --admin
set -eu
cd "$(dirname "$0")/.."
command=$(deno run --frozen --no-remote --no-prompt --allow-read \
  '--allow-env=HERD_*,GOOGLE_PLACES_KEY' server.ts "$@" --print-permissions)
# The line is quoted for a shell.
eval "exec $command"
