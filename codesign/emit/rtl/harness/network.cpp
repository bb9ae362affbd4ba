// Runs a simulated network at compiled speed: plays frames into its inputs, records what passes on its streams.
//
//   network RUN
//
// RUN is a text file of lines
//   run    <stall> <seed> <quiet>              stall: probability of a pause a cycle; quiet: cycles without a beat
//                                              after which the network counts as deadlocked
//   memory <latency> <spread> <stall>          of the memory of streamed weights: cycles, cycles, 256ths
//   waves  <file>                              only in a binary built with --trace-fst, or --trace-saif: activity
//   cut                                        every tensor's stream is cut: what a block makes is recorded, what its
//                                              readers are given is played
//   stream <id> <role> <lanes> <bits> <signed> <channels> <pixels> <frames> <file> <name>
// with role `input`, `output`, `records` or `inner`; frames of records, an output too, end with one of -1 in lane 0. Files hold int32 in the order frame, pixel, channel; `-` records nothing.
// Lanes past the last channel are driven with noise and not recorded. Prints `frame N` at the end of each frame and at
// last `cycles N` and for every stream `frames <id>`, then the first and the last cycle of each frame that has passed.
// Exit status 1 with `deadlock <cycle>` and for each stream `state <id> <valid> <ready> <beats>`.
// A binary whose probes count stalls also prints `stalls <id> <blocked> <starved>`: cycles since the first frame's end.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "Vnetwork.h"
#include "Vnetwork__Dpi.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Recorder = VerilatedFstC;
#elif VM_TRACE_SAIF
#include "verilated_saif_c.h"
using Recorder = VerilatedSaifC;
#endif

namespace {

enum class Role { kInput, kOutput, kRecords, kInner };

struct Stream {
    bool known = false;
    Role role = Role::kInner;
    int lanes = 1, bits = 1, channels = 1;
    bool is_signed = false;
    uint64_t pixels = 1, frames = 1;
    std::string file, name;

    std::vector<int32_t> values;  // inputs only
    std::vector<uint32_t> beat;   // words of the beat that is played or recorded
    size_t word = 0;              // words of it seen so far
    int channel = 0;              // of lane 0 of the next beat
    size_t position = 0;          // values played so far
    uint64_t beats = 0, beats_per_frame = 1;
    bool within = false;  // a frame, of which a beat has passed
    uint64_t noise = 1;
    FILE* out = nullptr;
    std::vector<uint64_t> first_cycles, last_cycles;  // of each frame
    bool valid = false, ready = false, counted = false;
    long long blocked = 0, starved = 0;
};

constexpr uint64_t kStalledOf = 4;  // with streams cut, one frame of so many has pauses

std::vector<Stream> streams;
uint64_t cycle = 0, last_beat_cycle = 0;
uint64_t quiet = 100000;
bool cut = false;
uint64_t unfinished = 0;    // frames that have not left outputs
uint64_t unrecorded = 0;    // frames of recorded inner streams that have not passed: a frame's last rows may follow its outputs
uint64_t finished_cycle = 0;
uint32_t memory[3] = {0, 0, 0};
uint64_t stall_threshold = 0;  // a pause when 32 random bits are below it

uint32_t random_word(Stream& s) {  // xorshift64*
    s.noise ^= s.noise >> 12;
    s.noise ^= s.noise << 25;
    s.noise ^= s.noise >> 27;
    return static_cast<uint32_t>((s.noise * 0x2545F4914F6CDD1DULL) >> 32);
}

bool pauses(Stream& s) {
    if (stall_threshold == 0) return false;
    const uint64_t frame = s.role == Role::kInput ? s.position / (s.pixels * s.channels) : s.last_cycles.size();
    if (cut && frame % kStalledOf != 0) return false;
    return random_word(s) < stall_threshold;
}

void put_bits(std::vector<uint32_t>& words, size_t offset, int bits, uint32_t value) {
    const uint64_t mask = (bits == 32) ? 0xffffffffULL : ((1ULL << bits) - 1);
    const uint64_t shifted = (value & mask) << (offset % 32);
    words[offset / 32] |= static_cast<uint32_t>(shifted);
    if (offset % 32 + bits > 32) words[offset / 32 + 1] |= static_cast<uint32_t>(shifted >> 32);
}

int32_t get_bits(const std::vector<uint32_t>& words, size_t offset, int bits, bool is_signed) {
    uint64_t value = words[offset / 32] >> (offset % 32);
    if (offset % 32 + bits > 32) value |= static_cast<uint64_t>(words[offset / 32 + 1]) << (32 - offset % 32);
    value &= (1ULL << bits) - 1;
    if (is_signed && (value >> (bits - 1))) value |= ~0ULL << bits;
    return static_cast<int32_t>(value);
}

void record(Stream& s) {
    if (!s.within) s.first_cycles.push_back(cycle);
    s.within = true;
    const int lanes = std::min(s.lanes, s.channels - s.channel);
    if (s.out) {
        for (int i = 0; i < lanes; i++) {
            const int32_t value = get_bits(s.beat, static_cast<size_t>(i) * s.bits, s.bits, s.is_signed);
            std::fwrite(&value, sizeof value, 1, s.out);
        }
    }
    s.channel = (s.channel + lanes) % s.channels;
    s.beats++;
    const bool records = s.role == Role::kRecords;
    if (records ? get_bits(s.beat, 0, s.bits, true) != -1 : s.beats % s.beats_per_frame != 0) return;
    s.within = false;
    s.last_cycles.push_back(cycle);
    if (s.role == Role::kInner && s.out && s.last_cycles.size() <= s.frames) unrecorded--;
    if (s.role == Role::kOutput || records) {
        if (s.last_cycles.size() <= s.frames && --unfinished == 0) finished_cycle = cycle;
        std::printf("frame %zu\n", s.last_cycles.size());
        std::fflush(stdout);
    }
}

void fail(const std::string& what) {
    std::fprintf(stderr, "network: %s\n", what.c_str());
    std::exit(2);
}

void add_stream(std::istringstream& line, uint64_t seed) {
    size_t id;
    std::string role;
    Stream s;
    line >> id >> role >> s.lanes >> s.bits >> s.is_signed >> s.channels >> s.pixels >> s.frames >> s.file >> s.name;
    if (!line) fail("malformed stream line");
    s.known = true;
    s.role = role == "input"     ? Role::kInput
             : role == "output"  ? Role::kOutput
             : role == "records" ? Role::kRecords
                                 : Role::kInner;
    s.beat.assign((static_cast<size_t>(s.lanes) * s.bits + 31) / 32, 0);
    s.beats_per_frame = s.pixels * ((s.channels + s.lanes - 1) / s.lanes);
    s.noise = (seed + 1) * 0x9E3779B97F4A7C15ULL + id * 0xD1B54A32D192ED03ULL;
    if (s.noise == 0) s.noise = 1;
    if (s.role == Role::kInput) {
        s.values.resize(s.frames * s.pixels * s.channels);
        std::ifstream in(s.file, std::ios::binary);
        in.read(reinterpret_cast<char*>(s.values.data()), s.values.size() * sizeof(int32_t));
        if (!in) fail("cannot read " + s.file);
    } else if (s.file != "-") {
        s.out = std::fopen(s.file.c_str(), "wb");
        if (!s.out) fail("cannot write " + s.file);
    }
    if (s.role == Role::kOutput || s.role == Role::kRecords) unfinished += s.frames;
    if (s.role == Role::kInner && s.out) unrecorded += s.frames;
    if (streams.size() <= id) streams.resize(id + 1);
    streams[id] = std::move(s);
}

std::string read_run(const char* path) {
    std::ifstream in(path);
    if (!in) fail(std::string("cannot read ") + path);
    std::string text, waves;
    double stall = 0;
    uint64_t seed = 0;
    while (std::getline(in, text)) {
        std::istringstream line(text);
        std::string word;
        line >> word;
        if (word == "cut") cut = true;
        if (word == "run") line >> stall >> seed >> quiet;
        if (word == "memory") line >> memory[0] >> memory[1] >> memory[2];
        if (word == "waves") line >> waves;
        if (word == "stream") add_stream(line, seed);
    }
    stall_threshold = static_cast<uint64_t>(stall * 4294967296.0);
    return waves;
}

void report(bool deadlock) {
    if (deadlock) std::printf("deadlock %llu\n", static_cast<unsigned long long>(cycle));
    for (size_t id = 0; id < streams.size(); id++) {
        const Stream& s = streams[id];
        if (!s.known) continue;
        if (deadlock) std::printf("state %zu %d %d %llu\n", id, s.valid, s.ready, (unsigned long long)s.beats);
        if (s.counted) std::printf("stalls %zu %lld %lld\n", id, s.blocked, s.starved);
        std::printf("frames %zu", id);
        for (size_t frame = 0; frame < s.last_cycles.size(); frame++) {
            std::printf(" %llu %llu", (unsigned long long)s.first_cycles[frame], (unsigned long long)s.last_cycles[frame]);
        }
        std::printf("\n");
    }
    std::printf("cycles %llu\n", static_cast<unsigned long long>(deadlock ? cycle : finished_cycle));
}

}  // namespace

svBit network_fetch(int id) {
    Stream& s = streams[id];
    if (s.position == s.values.size() || pauses(s)) return 0;
    const int channel = static_cast<int>(s.position % s.channels);
    std::fill(s.beat.begin(), s.beat.end(), 0);
    for (int lane = 0; lane < s.lanes; lane++) {
        const bool real = channel + lane < s.channels;
        const uint32_t value = real ? static_cast<uint32_t>(s.values[s.position++]) : random_word(s);
        put_bits(s.beat, static_cast<size_t>(lane) * s.bits, s.bits, value);
    }
    return 1;
}

unsigned int network_fetched(int id, int index) { return streams[id].beat[index]; }

extern "C" unsigned int network_memory(int field) { return memory[field]; }

svBit network_ready(int id) { return !pauses(streams[id]); }

void network_beat(int id, unsigned int word) {
    Stream& s = streams[id];
    last_beat_cycle = cycle;
    if (s.role != Role::kInput) s.beat[s.word] = word;
    if (++s.word < s.beat.size()) return;
    s.word = 0;
    record(s);
}

extern "C" svBit network_counting() {  // whether the first frame has left all outputs
    for (const Stream& s : streams) {
        const bool leaves = s.role == Role::kOutput || s.role == Role::kRecords;
        if (leaves && s.known && s.last_cycles.empty()) return 0;
    }
    return 1;
}

extern "C" void network_stalls(int id, long long blocked, long long starved) {
    Stream& s = streams[id];
    s.counted = true;
    s.blocked = blocked;
    s.starved = starved;
}

svBit network_cut() { return cut; }

void network_state(int id, svBit valid, svBit ready) {
    if (static_cast<size_t>(id) >= streams.size()) return;
    streams[id].valid = valid;
    streams[id].ready = ready;
}

int main(int argc, char** argv) {
    if (argc != 2) fail("usage: network RUN");
    const std::string waves = read_run(argv[1]);
    const auto context = std::make_unique<VerilatedContext>();
    context->traceEverOn(!waves.empty());
    const auto top = std::make_unique<Vnetwork>(context.get());
#if VM_TRACE
    Recorder waveform;
    if (!waves.empty()) {
        top->trace(&waveform, 99);
        waveform.open(waves.c_str());
    }
#endif
    const auto tick = [&] {
        static uint64_t time = 0;
        for (int level = 1; level >= 0; level--) {
            top->clk_i = level;
            top->eval();
#if VM_TRACE
            if (waveform.isOpen()) waveform.dump(time);
#endif
            time++;
        }
    };

    top->rst_ni = 0;
    for (int i = 0; i < 8; i++) tick();
    top->rst_ni = 1;
    bool still = false;
    while ((unfinished || unrecorded) && !still && !context->gotFinish()) {
        cycle++;
        tick();
        still = cycle - last_beat_cycle > quiet;
    }
    const bool deadlock = still && unfinished;
    top->final();
#if VM_TRACE
    waveform.close();
#endif
    for (Stream& s : streams) {
        if (s.out) std::fclose(s.out);
    }
    report(deadlock);
    return deadlock ? 1 : 0;
}
