#!/usr/bin/env bash
# Trains, merges, compares and serves the embedded model on the sample reviews. Needs the .NET SDK and nothing else; offline apart from packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

out=artifacts/demo
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || say() { printf '\n%s\n' "$*"; }

say "Build"
run dotnet build --nologo --verbosity quiet
started=$SECONDS
rm -rf "$out"

data="--train samples/reviews/train.jsonl --validation samples/reviews/validation.jsonl"
say "Train a new head, then a LoRA adapter"
run bin/lora-train --model models/demo $data --method head --epochs 15 --out $out/head
run bin/lora-train --model models/demo $data --method lora --rank 8 --alpha 16 --epochs 5 --out $out/lora

say "Merge: each ONNX file is proven equal before it gets its name"
run bin/lora-merge --model models/demo --out $out/onnx/raw/model.onnx
run bin/lora-merge --run $out/head --out $out/onnx/head/model.onnx
run bin/lora-merge --run $out/lora --out $out/onnx/lora/model.onnx

say "Compare on the test reviews"
run bin/lora-compare raw=$out/onnx/raw head=$out/onnx/head lora=$out/onnx/lora --data samples/reviews/test.jsonl --out $out/report.html

say "Serve the merged model and ask it"
printf '$ %s\n' "bin/lora-serve --model sentiment=$out/onnx/lora --grpc-port 0 --http-port 0 &"
bin/lora-serve --model sentiment=$out/onnx/lora --grpc-port 0 --http-port 0 > $out/serve.log 2>&1 &
server=$!
for _ in $(seq 600); do
    address=$(sed -nE 's#^.*grpc(://| on | )+([0-9.]+:[0-9]+).*$#\2#p' $out/serve.log | head -n 1)
    [ -z "$address" ] || break
    kill -0 "$server" 2>/dev/null || { cat $out/serve.log; exit 1; }
    sleep 0.1
done
[ -n "$address" ] || { cat $out/serve.log; echo "error: the server did not say where it listens." >&2; exit 1; }
run bin/lora-serve predict --address "$address" "A slow start, but the last act is wonderful."
run bin/lora-serve predict --address "$address" "Two hours of my life that I will never get back."
kill -TERM "$server"
wait "$server" || true
server=""

say "Done in $((SECONDS - started)) seconds after the build. Report: $out/report.html"
