#!/bin/sh
# Builds libslipstream_operators.so into the folder $1, or leaves it out with a message and success
# where there is no Linux on x86-64 or no C++ compiler: everything works without it, slower.
# Two builds with one compiler are equal byte for byte.
set -eu
export LC_ALL=C
source=$(cd "$(dirname "$0")" && pwd)
folder=$1/META-INF/slipstream/native/linux-x86_64
library=$folder/libslipstream_operators.so
system=$(uname -s)-$(uname -m)
compiler=${CXX:-g++}

if [ "$system" != Linux-x86_64 ]; then
  echo "slipstream-operators: no native operators for $system, only for Linux-x86_64"
  exit 0
fi
if ! command -v "$compiler" >/dev/null 2>&1; then
  echo "slipstream-operators: no $compiler on the PATH, so no native operators; install g++ to have them"
  exit 0
fi
if [ -f "$library" ] && [ -z "$(find "$source" -newer "$library")" ]; then
  exit 0
fi

work=$folder/objects
mkdir -p "$work"
# No contraction: only where a kernel writes a fused multiply-add is there one, so that the bits do
# not depend on what the compiler makes of a loop. No runtime of C++ is needed or linked.
flags="-std=c++17 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-exceptions -fno-rtti
  -fno-math-errno -fno-ident -Wall -Wextra"
compile() {
  name=$1
  shift
  # shellcheck disable=SC2086
  "$compiler" $flags "$@" -ffile-prefix-map="$source"=. -c "$source/$name.cpp" -o "$work/$name.o"
}
compile operators
compile ragged_attention
compile skip
compile quantized
compile attention_scalar
compile product_scalar
compile attention_avx2 -mavx2 -mfma
compile product_avx2 -mavx2 -mfma
# GCC 12 turns its comparisons of 64-bit numbers into slow vectors (stv) and calls the undefined vectors in its own intrinsics uninitialized.
avx512="-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mno-stv -Wno-maybe-uninitialized -Wno-uninitialized"
# shellcheck disable=SC2086
compile attention_avx512 $avx512
# shellcheck disable=SC2086
compile product_avx512 $avx512 -mavx512vnni
# nodelete: the Java interface unloads a library when the options are closed that registered it, while
# the session made with them still runs.
"$compiler" -shared -nodefaultlibs -Wl,-z,nodelete -Wl,--build-id=none -Wl,-z,relro,-z,now -Wl,--no-undefined -s \
  "$work"/*.o -lc -lgcc -o "$library.new"
rm -r "$work"
mv "$library.new" "$library"
echo "slipstream-operators: built $(basename "$library") with $("$compiler" -dumpfullversion)"
