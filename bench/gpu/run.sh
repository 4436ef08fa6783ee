#!/usr/bin/env bash
# Unpacks the parts that bundle.sh made (once), and measures: everything in one JSON file, within 9 minutes.
#
#   bash run.sh [--device cuda|cpu] [--short] [--seconds 500] [--out gpu.json] [PART...]
#
# LORA_ONNX_LIBTORCH: the folder of libtorch.so; without it that of python3's torch.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
if [ ! -e "$here/unpacked/.whole" ]; then
    (cd "$here" && sha256sum --quiet -c SHA256SUMS) || { echo "error: a part is missing or damaged, see above." >&2; exit 1; }
    rm -rf "$here/unpacked"
    mkdir "$here/unpacked"
    cat "$here"/part-* \
        | python3 -c 'import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode="r|xz").extractall(sys.argv[1])' "$here/unpacked"
    touch "$here/unpacked/.whole"
fi

if [ -z "${LORA_ONNX_LIBTORCH:-}" ]; then
    LORA_ONNX_LIBTORCH=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch")
print(s.submodule_search_locations[0] + "/lib" if s else "")')
    [ -n "$LORA_ONNX_LIBTORCH" ] || { echo "error: python3 has no torch; LORA_ONNX_LIBTORCH may name a folder with libtorch.so." >&2; exit 1; }
fi
export LORA_ONNX_LIBTORCH
# CUDA's own libraries, which ONNX Runtime's provider links: beside torch, in the packages that came with it.
for folder in "$LORA_ONNX_LIBTORCH" "$LORA_ONNX_LIBTORCH"/../../nvidia/*/lib; do
    [ ! -d "$folder" ] || LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(readlink -f "$folder")"
done
export LD_LIBRARY_PATH
exec timeout --kill-after=5 535 "$here"/unpacked/bin/LoraOnnx.Benchmarks gpu "$@"
