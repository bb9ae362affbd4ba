// Model of the hardware around a design on a board: a processor's view of registers, one AXI DMA in simple mode (PG021)
// for each pair of streams, and a memory that these and the reader of weights reach. A program reads and writes 32-bit
// words at addresses, as on the board; the design runs while it does.
//
// Streams and the memory pause at random. Whatever breaks the rules of AXI or of the DMA ends the program.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "Vaxi_board.h"
#include "board.h"
#include "shape.h"  // INPUTS, OUTPUTS, WORDS, STREAM_BYTES, ADDRESS, DMA_ADDRESS

namespace {

constexpr uint32_t kRange = 0x10000, kRegisterBytes = 4096;
constexpr int kAccessCycles = 8;  // that a register's access takes beside those of the design
constexpr uint32_t kHalted = 0x1, kIdle = 0x2, kIntErr = 0x10, kDecErr = 0x40, kInterrupt = 0x1000;

struct Side {  // of a DMA
    uint32_t control = 0, status = kHalted, address = 0, length = 0, at = 0;
    bool active = false, offered = false;
};

struct Burst {
    uint32_t address, beats;
    uint64_t due;
};

struct Board {
    Vaxi_board top;
    std::vector<uint8_t> memory = std::vector<uint8_t>(BOARD_MEMORY_BYTES, 0xA5);
    Side sends[DMAS], receives[DMAS];
    std::deque<Burst> bursts;
    bool beat = false;
    uint64_t cycle = 0, noise = 88172645463325252ULL;
};

Board* board = nullptr;  // the last one is left to the end of the process

[[noreturn]] void fail(const char* what, uint32_t where) {
    std::fprintf(stderr, "board: %s at %08x in cycle %llu\n", what, where, (unsigned long long)board->cycle);
    std::fflush(stderr);
    std::_Exit(70);
}

bool chance(unsigned percent) {  // xorshift64
    uint64_t& n = board->noise;
    n ^= n << 13, n ^= n >> 7, n ^= n << 17;
    return n % 100 < percent;
}

bool reaches(uint32_t address, uint32_t bytes) {
    const uint64_t end = uint64_t(address) + bytes;
    return address >= BOARD_MEMORY_ADDRESS && end <= uint64_t(BOARD_MEMORY_ADDRESS) + BOARD_MEMORY_BYTES;
}

uint8_t* at(uint32_t address) { return board->memory.data() + (address - BOARD_MEMORY_ADDRESS); }

void finish(Side& side) {
    side.active = false;
    side.status |= kIdle | kInterrupt;
}

void stop(Side& side, uint32_t error) {
    side.active = false;
    side.status |= error | kHalted;
}

// Bytes of a beat of a stream, WORDS words of 32 bits each in the port.
uint8_t byte_of(const uint32_t* words, int byte) { return uint8_t(words[byte / 4] >> (8 * (byte % 4))); }

void drive_inputs() {
    Vaxi_board& top = board->top;
    top.in_tvalid = 0;
    for (int i = 0; i < INPUTS; i++) {
        Side& side = board->sends[i];
        side.offered = side.active && (side.offered || chance(80));
        for (int word = 0; word < WORDS; word++) top.in_tdata[i * WORDS + word] = uint32_t(board->noise >> word);
        if (!side.offered) continue;
        top.in_tvalid |= 1u << i;
        for (int byte = 0; byte < STREAM_BYTES[i]; byte++) {
            uint32_t& word = top.in_tdata[i * WORDS + byte / 4];
            word &= ~(0xffu << (8 * (byte % 4)));
            word |= uint32_t(at(side.address)[side.at + byte]) << (8 * (byte % 4));
        }
    }
    top.out_tready = 0;
    for (int i = 0; i < OUTPUTS; i++) top.out_tready |= (board->receives[i].active && chance(80) ? 1u : 0u) << i;
}

void drive_memory() {
    Vaxi_board& top = board->top;
    top.arready = board->bursts.size() < 16 && chance(80);
    const bool due = !board->bursts.empty() && board->bursts.front().due <= board->cycle;
    board->beat = due && (board->beat || chance(80));
    top.rvalid = board->beat;
    top.rlast = board->beat && board->bursts.front().beats == 1;
    uint64_t data = board->noise;
    if (board->beat) {
        data = 0;
        for (int byte = 7; byte >= 0; byte--) data = data << 8 | at(board->bursts.front().address)[byte];
    }
    top.rdata = data;
}

void move_beats() {
    Vaxi_board& top = board->top;
    for (int i = 0; i < INPUTS; i++) {
        Side& side = board->sends[i];
        if (!(side.offered && (top.in_tready >> i & 1))) continue;
        side.offered = false;
        side.at += uint32_t(STREAM_BYTES[i]);
        if (side.at == side.length) finish(side);
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (!(top.out_tvalid >> i & 1) || !(top.out_tready >> i & 1)) continue;
        Side& side = board->receives[i];
        const int bytes = STREAM_BYTES[INPUTS + i];
        if (side.at + uint32_t(bytes) > side.length) {
            stop(side, kIntErr);
            continue;
        }
        for (int byte = 0; byte < bytes; byte++) at(side.address)[side.at + byte] = byte_of(&top.out_tdata[i * WORDS], byte);
        side.at += uint32_t(bytes);
        if (top.out_tlast >> i & 1) {
            side.length = side.at;
            finish(side);
        }
    }
    if (top.rvalid && top.rready) {
        Burst& burst = board->bursts.front();
        board->beat = false;
        burst.address += 8;
        if (--burst.beats == 0) board->bursts.pop_front();
    }
    if (top.arvalid && top.arready) {
        const uint32_t beats = top.arlen + 1u;
        if (top.araddr % 8 || top.araddr % 4096 + 8 * beats > 4096 || !reaches(top.araddr, 8 * beats))
            fail("a burst that no memory answers", top.araddr);
        board->bursts.push_back({top.araddr, beats, board->cycle + 20});
    }
}

void tick() {
    Vaxi_board& top = board->top;
    drive_inputs();
    drive_memory();
    top.clk = 0;
    top.eval();
    move_beats();
    top.clk = 1;
    top.eval();
    board->cycle++;
}

uint32_t read_register(uint32_t offset) {
    Vaxi_board& top = board->top;
    top.s_axil_araddr = offset;
    top.s_axil_arvalid = top.s_axil_rready = 1;
    for (int tries = 0; tries < 100; tries++) {
        tick();  // what was seen before the edge is in the ports still: they come from registers
        if (top.asked) top.s_axil_arvalid = 0;
        if (top.answered) {
            top.s_axil_rready = 0;
            if (top.answer_resp != 0) fail("a register that cannot be read", offset);
            return top.answer;
        }
    }
    fail("no answer to a read", offset);
}

void write_register(uint32_t offset, uint32_t value) {
    Vaxi_board& top = board->top;
    top.s_axil_awaddr = offset;
    top.s_axil_wdata = value;
    top.s_axil_awvalid = top.s_axil_wvalid = top.s_axil_bready = 1;
    for (int tries = 0; tries < 100; tries++) {
        tick();
        if (top.addressed) top.s_axil_awvalid = 0;
        if (top.written) top.s_axil_wvalid = 0;
        if (top.done) {
            top.s_axil_bready = 0;
            if (top.done_resp != 0) fail("a register that cannot be written", offset);
            return;
        }
    }
    fail("no answer to a write", offset);
}

Side& side_at(int dma, uint32_t offset) { return offset < 0x30 ? board->sends[dma] : board->receives[dma]; }

void write_dma(int dma, uint32_t offset, uint32_t value) {
    Side& side = side_at(dma, offset);
    switch (offset % 0x30) {
        case 0x00:
            if (value & 0x4) board->sends[dma] = board->receives[dma] = Side{};
            else side.control = value, side.status = (side.status & ~kHalted) | (value & 1 ? 0 : kHalted);
            return;
        case 0x04: side.status &= ~(value & 0x7000); return;
        case 0x18: side.address = value; return;
        case 0x1C: if (value) fail("a DMA of 32 address bits is given more", offset); return;
        case 0x28: break;
        default: fail("a register that a DMA in simple mode does not have", offset);
    }
    if (side.active) fail("a transfer is started while one is under way", offset);
    if ((side.status & kHalted) || value == 0 || value >= 1u << 26) return;
    const bool sends = offset < 0x30;
    if (sends && value % uint32_t(STREAM_BYTES[dma])) fail("a transfer that is no whole number of beats", offset);
    side.length = value;
    side.at = 0;
    side.status &= ~kIdle;
    if (!reaches(side.address, value)) return stop(side, kDecErr);
    side.active = true;
}

uint32_t read_dma(int dma, uint32_t offset) {
    const Side& side = side_at(dma, offset);
    switch (offset % 0x30) {
        case 0x00: return side.control;
        case 0x04: return side.status;
        case 0x18: return side.address;
        case 0x28: return side.length;
        default: fail("a register that a DMA in simple mode does not have", offset);
    }
}

}  // namespace

extern "C" {

void board_start() {
    delete board;
    board = new Board;
    Vaxi_board& top = board->top;
    top.rst_n = 0;
    for (int i = 0; i < 8; i++) tick();
    top.rst_n = 1;
    for (int i = 0; i < 8; i++) tick();
}

uint8_t* board_memory() { return board->memory.data(); }

uint32_t board_read(uint32_t address) {
    for (int i = 0; i < kAccessCycles; i++) tick();
    if (address - ADDRESS < kRegisterBytes) return read_register(address - ADDRESS);
    const uint32_t offset = address - DMA_ADDRESS;
    if (offset / kRange < DMAS) return read_dma(int(offset / kRange), offset % kRange);
    fail("nothing is", address);
}

void board_write(uint32_t address, uint32_t value) {
    for (int i = 0; i < kAccessCycles; i++) tick();
    if (address - ADDRESS < kRegisterBytes) return write_register(address - ADDRESS, value);
    const uint32_t offset = address - DMA_ADDRESS;
    if (offset / kRange < DMAS) return write_dma(int(offset / kRange), offset % kRange, value);
    fail("nothing is", address);
}
}
