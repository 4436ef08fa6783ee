#!/usr/bin/env bash
# Makes what a bare GPU machine needs, in parts that are small enough to be carried one by one; needs no GPU.
#
#   bench/gpu/bundle.sh FOLDER                 publishes the programs for CUDA, self-contained
#   bench/gpu/bundle.sh FOLDER --built         takes those that `dotnet build` left in artifacts/: to try the scripts on a CPU
#   PART_MIB=60 XZ_LEVEL=3                     size of a part (at most 64 MiB shall be carried at once), and of the effort to make it small
#
# The other machine has x86-64 Linux, python3 with a torch for CUDA 13 (2.11), no .NET and no network. Bring FOLDER's files there, a few or all at
# once, into one folder, and call `bash run.sh` in it. What is not in the parts is made there: the weights of base size.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
out=${1:?usage: bench/gpu/bundle.sh FOLDER [--built]}
mkdir -p artifacts
bundle=$(mktemp -d artifacts/bundle-XXXXXX)
trap 'rm -rf "$bundle"' EXIT
mkdir -p "$out" "$bundle/bin" "$bundle/programs" "$bundle/models" "$bundle/samples" "$bundle/tests/golden/trajectories"

# project, program. TorchSharp finds modules by reflection: TrimMode partial leaves what does not say that it may be trimmed as it is.
while read -r project program; do
    if [ "${2:-}" = --built ]; then
        cp -rl "artifacts/bin/$(basename "$(ls "$project"/*.csproj)" .csproj)/release" "$bundle/programs/$program"
    else
        dotnet publish "$project" --runtime linux-x64 --self-contained --verbosity quiet --nologo --artifacts-path artifacts/gpu \
            --output "$bundle/programs/$program" -p:Accelerator=cuda -p:Libtorch=installed -p:PublishTrimmed=true -p:TrimMode=partial \
            -p:PublishReadyToRun=false -p:JsonSerializerIsReflectionEnabledByDefault=true -p:SuppressTrimAnalysisWarnings=true \
            -p:DebugType=none -p:EmbedAllSources=false -p:RunAnalyzers=false
    fi
    # What only other systems load, and libtorch: the other machine has its own.
    rm -rf "$bundle/programs/$program"/runtimes/{android,ios,linux-arm64,osx,osx-arm64,win,win-arm64,win-x64,win-x86}
    find "$bundle/programs/$program" \( -name 'libtorch*' -o -name 'libc10*' -o -name 'libgomp*' -o -name 'libshm*' -o -name 'onnxruntime*.dll' \
        -o -name 'libonnxruntime_providers_tensorrt.so' -o -name '*.pdb' -o -name '*.xml' -o -name 'libtorch' \) -delete
    # shellcheck disable=SC2016 # for the other machine's shell
    printf '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/../programs/%s/%s" "$@"\n' "$program" "$program" > "$bundle/bin/$program"
    chmod +x "$bundle/bin/$program"
done << 'PROGRAMS'
src/Training/Program lora-train
src/Serving lora-serve
bench/LoraOnnx.Benchmarks LoraOnnx.Benchmarks
PROGRAMS

# The same file in several programs is there once.
declare -A first
while read -r hash file; do
    if [ -n "${first[$hash]:-}" ]; then ln -f "${first[$hash]}" "$file"; else first[$hash]=$file; fi
done < <(find "$bundle/programs" -type f -size +20k -exec sha256sum {} +)

# Files of a build are links into the package cache, and every build makes more of them: tar would meet files that change while it reads.
cp -a "$bundle/programs" "$bundle/copied"
rm -rf "$bundle/programs"
mv "$bundle/copied" "$bundle/programs"

cp -r models/demo "$bundle/models/demo"
cp -r samples/reviews "$bundle/samples/reviews"
cp -r tests/golden/logits.json "$bundle/tests/golden/"
cp -r tests/golden/trajectories/lora "$bundle/tests/golden/trajectories/"
cp LoraOnnx.sln "$bundle/" # by which programs of the benchmarks find the rest

rm -f "$out"/part-* "$out/SHA256SUMS"
tar -C "$bundle" -c . | xz -T0 -"${XZ_LEVEL:-3}" | split -b "${PART_MIB:-60}M" -d - "$out/part-"
cp bench/gpu/run.sh "$out/"
(cd "$out" && sha256sum part-* run.sh > SHA256SUMS)
ls -l "$out"
