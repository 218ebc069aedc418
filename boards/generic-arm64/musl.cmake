# The same compiler with musl, linked statically. Of musl there is libc alone: the libraries come from RILL_SOURCES.
include(${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)
# Debian's musl has no headers of the kernel; they are the same for every libc.
set(kernel ${CMAKE_BINARY_DIR}/kernel-headers)
file(MAKE_DIRECTORY ${kernel})
file(CREATE_LINK /usr/include/linux ${kernel}/linux SYMBOLIC)
file(CREATE_LINK /usr/include/asm-generic ${kernel}/asm-generic SYMBOLIC)
file(CREATE_LINK /usr/include/aarch64-linux-gnu/asm ${kernel}/asm SYMBOLIC)
# Nothing here unwinds; debug information is for sizes.sh and not installed (cmake --install DIR --strip).
set(CMAKE_C_FLAGS_INIT "-specs=/usr/lib/aarch64-linux-musl/musl-gcc.specs -g -fno-unwind-tables -fno-asynchronous-unwind-tables -fno-ipa-cp -fmerge-all-constants -mno-outline-atomics -isystem ${kernel}")
# What is only relocated could be made read-only; for pages of 64 KiB, which some kernels have, that takes up to as much.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,-z,norelro -Wl,-z,common-page-size=512 -Wl,-O2")
set(CMAKE_FIND_ROOT_PATH /usr/lib/aarch64-linux-musl)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
