// The two calls of zlib that Verilator's FST writer makes, so that waveforms need no system library.
//
// One block of fixed Huffman codes, in which only runs of equal bytes are matched: the writer compresses time steps and
// initial values with it, which are little else.

#pragma once

#include <cstdint>

using Bytef = unsigned char;
using uLong = unsigned long;
using uLongf = unsigned long;

constexpr int Z_OK = 0;
constexpr int Z_BUF_ERROR = -5;

inline uLong compressBound(uLong size) { return size + size / 8 + 16; }  // a literal has up to 9 bits

namespace codesign_zlib {

class Deflater {
public:
    explicit Deflater(Bytef* out) : m_out{out} {}

    void bits(uint32_t value, int count) {  // the least significant one first
        m_pending |= value << m_count;
        for (m_count += count; m_count >= 8; m_count -= 8, m_pending >>= 8) *m_out++ = static_cast<Bytef>(m_pending);
    }
    void code(uint32_t value, int count) {  // the most significant one first
        while (count--) bits(value >> count & 1, 1);
    }
    void literal(Bytef byte) {
        if (byte < 144) code(0x30 + byte, 8);
        else code(0x190 + byte - 144, 9);
    }
    void repeat(int length) {  // the last byte again, 3..10 or 258 times
        if (length == 258) code(0xC5, 8);
        else code(length - 2, 7);
        code(0, 5);  // distance 1
    }
    void byte(uint32_t value) { *m_out++ = static_cast<Bytef>(value); }
    void align() {
        if (m_count > 0) bits(0, 8 - m_count);
    }
    const Bytef* end() const { return m_out; }

private:
    Bytef* m_out;
    uint32_t m_pending = 0;
    int m_count = 0;
};

inline uint32_t adler32(const Bytef* data, uLong size) {
    uint32_t a = 1, b = 0;
    for (uLong i = 0; i < size; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

}  // namespace codesign_zlib

/// The level is not used. Z_BUF_ERROR where the stream might not fit, that is if *capacity < compressBound(size).
inline int compress2(Bytef* target, uLongf* capacity, const Bytef* source, uLong size, int /*level*/) {
    if (*capacity < compressBound(size)) return Z_BUF_ERROR;
    codesign_zlib::Deflater out{target};
    out.byte(0x78);
    out.byte(0x01);
    out.bits(0x3, 3);  // last block, fixed codes
    for (uLong i = 0; i < size;) {
        uLong run = 1;
        while (i + run < size && source[i + run] == source[i]) run++;
        out.literal(source[i]);
        i += run--;
        for (; run >= 258; run -= 258) out.repeat(258);
        for (; run >= 3; run -= run < 10 ? run : 10) out.repeat(run < 10 ? static_cast<int>(run) : 10);
        for (; run > 0; run--) out.literal(source[i - 1]);
    }
    out.code(0, 7);  // end of block
    out.align();
    const uint32_t sum = codesign_zlib::adler32(source, size);
    for (int shift = 24; shift >= 0; shift -= 8) out.byte(sum >> shift);
    *capacity = static_cast<uLongf>(out.end() - target);
    return Z_OK;
}
