// The two calls of LZ4 that Verilator's FST writer makes, so that waveforms need no system library.
//
// Greedy matching over a table of the last position of each hash; valid LZ4 blocks that any reader decompresses,
// somewhat larger than the library's.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

namespace codesign_lz4 {

constexpr int kMinMatch = 4;
constexpr int kLastLiterals = 5;  // a block ends in at least as many literals
constexpr int kMatchLimit = 12;   // no match starts closer to the end
constexpr int kMaxOffset = 65535;
constexpr int kHashBits = 13;  // at most: a table is no larger than its block

inline uint32_t word(const uint8_t* at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

inline uint8_t* put_rest(uint8_t* out, int rest) {  // what of a length does not fit in the token
    for (; rest >= 255; rest -= 255) *out++ = 255;
    *out++ = static_cast<uint8_t>(rest);
    return out;
}

/// Literals, then a match unless `length` is 0.
inline uint8_t* put_sequence(uint8_t* out, const uint8_t* literals, int count, int offset, int length) {
    const int extra = length - kMinMatch;
    *out++ = static_cast<uint8_t>((count < 15 ? count : 15) << 4 | (length == 0 ? 0 : extra < 15 ? extra : 15));
    if (count >= 15) out = put_rest(out, count - 15);
    if (count > 0) std::memcpy(out, literals, count);
    out += count;
    if (length == 0) return out;
    *out++ = static_cast<uint8_t>(offset);
    *out++ = static_cast<uint8_t>(offset >> 8);
    return extra < 15 ? out : put_rest(out, extra - 15);
}

}  // namespace codesign_lz4

/// Size of the block, 0 where it might not fit, that is if capacity < LZ4_compressBound(size).
inline int LZ4_compress_default(const char* source, char* target, int size, int capacity) {
    using namespace codesign_lz4;
    if (capacity < LZ4_compressBound(size)) return 0;
    const auto* in = reinterpret_cast<const uint8_t*>(source);
    auto* out = reinterpret_cast<uint8_t*>(target);
    int bits = 4;
    while (bits < kHashBits && 1 << bits < size) bits++;
    std::vector<int> last(1 << bits, -kMaxOffset - 1);
    int anchor = 0;
    for (int at = 0; at < size - kMatchLimit;) {
        int& slot = last[(word(in + at) * 2654435761U) >> (32 - bits)];
        const int match = slot;
        slot = at;
        if (at - match > kMaxOffset || word(in + match) != word(in + at)) {
            at++;
            continue;
        }
        int length = kMinMatch;
        while (at + length < size - kLastLiterals && in[match + length] == in[at + length]) length++;
        out = put_sequence(out, in + anchor, at - anchor, at - match, length);
        anchor = at += length;
    }
    out = put_sequence(out, in + anchor, size - anchor, 0, 0);
    return static_cast<int>(out - reinterpret_cast<uint8_t*>(target));
}
