#!/usr/bin/env bash
# Serves a folder of made-up people and prints a sign-in link for each role; Ctrl-C stops it.
#
#   scripts/run-service.sh PRIVITY DIR
set -euo pipefail
privity=$1
dir=$2
port=${PORT:-8080}
# Where that port is taken, any other does.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then port=0; fi
echo "==== the service"
"$privity" init "$dir/service" --policy Policies/mphp.yaml --example >/dev/null
"$privity" apply "$dir/service" Policies/examples/service.jsonl >/dev/null
exec "$privity" serve "$dir/service" --port "$port" --links 2>"$dir/service.log"
