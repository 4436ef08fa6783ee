#!/bin/bash
# as-the-image.sh APP MODELS MEBIBYTES COMMAND...: runs COMMAND as a container of deploy/Dockerfile's image would. Its root has what the chiseled base
# has (the C and C++ libraries, OpenSSL, .NET; no shell), APP at /app and MODELS at /models, all read-only; the user is 65532, who can gain nothing;
# 1024 descriptors; so much memory. The network is the caller's. Needs root.
set -euo pipefail
if [ "${1:-}" != inside ]; then
    exec unshare --mount --pid --fork --kill-child "$0" inside "$@"
fi

app=$2 models=$3 memory=$4
shift 4
root=$(mktemp -d)
mount -t tmpfs tmpfs "$root"
mkdir -p "$root"/{app,models,proc,sys,dev,etc/ssl,lib64,usr/share/dotnet}
for library in ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1 libstdc++.so.6 libssl.so.3 libcrypto.so.3
do
    cp "$(ldconfig -p | awk -v name="$library" '$1 == name && /x86-64/ { print $NF; exit }')" "$root/lib64/"
done
echo 'app:x:65532:65532::/nowhere:/nothing' > "$root/etc/passwd"
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
mount --bind -o ro "$dotnet" "$root/usr/share/dotnet"
mount --bind -o ro "$app" "$root/app"
mount --bind -o ro "$models" "$root/models"
mount -t proc proc "$root/proc"
mount --rbind -o ro /sys "$root/sys"
touch "$root/dev/"{null,urandom}
mount --bind /dev/null "$root/dev/null"
mount --bind /dev/urandom "$root/dev/urandom"
mount -o remount,ro "$root"

# Groups that killed runs left are empty by now. Either version of control groups; where none can be made, the rest holds
# all the same.
rmdir /sys/fs/cgroup/{memory/,}lora-image-* 2> /dev/null || true
for group in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    here="$group/lora-image-$$-$RANDOM"
    if mkdir "$here" 2> /dev/null; then
        if echo $((memory << 20)) 2> /dev/null > "$here/memory.limit_in_bytes" || echo $((memory << 20)) 2> /dev/null > "$here/memory.max"; then
            echo $$ > "$here/cgroup.procs" && echo "memory limit: $memory MiB" >&2
            break
        fi
        rmdir "$here"
    fi
done

unset HOME TMPDIR
export DOTNET_ROOT=/usr/share/dotnet DOTNET_EnableDiagnostics=0 LD_LIBRARY_PATH=/lib64
exec prlimit --nofile=1024:1024 setpriv --no-new-privs chroot --userspec=65532:65532 "$root" "$@"
