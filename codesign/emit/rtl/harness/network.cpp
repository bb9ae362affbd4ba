// Runs a simulated network at compiled speed: plays frames into its inputs, records what passes on its streams, and
// watches over the protocol of its ports.
//
//   network RUN [+NAME[=VALUE]...]
//
// What begins with + is for the design's $test$plusargs and $value$plusargs. RUN is a text file of lines, in this order:
//   run    <seed> <quiet> <random> <marked> <settle>   quiet: cycles without a beat after which the network counts as
//                                   deadlocked; random: 2 if what no reset sets starts at random, 0 if at 0; marked:
//                                   outputs have TLAST; settle: cycles after the last frame in which no more may come
//   memory <latency> <spread>       of the memory of streamed weights: cycles
//   waves  <file>                   only in a binary built with --trace-fst, or --trace-saif: activity
//   cut                             every tensor's stream is cut: what a block makes is recorded, what its readers are
//                                   given is played
//   phase  <frames> <memory> <patient>   frames that follow, with a traffic of their own: 256ths of cycles in which the
//                                   memory pauses, and whether readers become ready only where a beat is offered
//   reset  <cycles>                 so many cycles after the frames of all phases so far have passed, while the next
//                                   ones are on their way; those then begin anew
//   read   <address>                a register, read after each reset and at the end
//   write  <address> <data>         this and the following in this order after each reset, when those have been read
//   masked <address> <data> <strobes>    a write of some bytes
//   refused <address> <data>        a write that must be answered with SLVERR
//   unknown <address>               a read that must be
//   holds  <address> <data>         a read of that value
//   await  <address> <data>         reads until there is that value
//   start  <address> <data>         the write with which the design starts; what comes behind it is left out before
//                                   the first reset and after the last
//   stream <id> <role> <lanes> <bits> <signed> <channels> <pixels> <frames> <images> <file> <name>
//                                   frames: to be played or to pass in all; images: of an input, those in its file,
//                                   played over and over
//   stall  <id> <phase> <probability> <longest>   before a beat the port's other side pauses for 1 to `longest` cycles
//   pause  <id> <frame> <beat> <cycles>           before that beat of that frame it pauses once for so many cycles; of
//                                                 records, all pauses are before the first beat, 0
// Roles are `input`, `output`, `records` or `inner`; frames of records, an output too, end with one of -1 in lane 0.
// Files hold int32 in the order frame, pixel, channel; `-` records nothing. Lanes past the last channel are driven with
// noise and not recorded, and so is everything in a pause. The phase of a memory is that of the frame that leaves the
// first output.
//
// Prints `frame N` at the end of each frame and at last `cycles N` and for every stream `frames <id>`, then the first and
// the last cycle of each frame that has passed; `violation <rule> <id> <cycle> <frame> <times>` for each rule of
// protocol.py that a stream has broken, where it did so first; and `register <life> <when> <address> <data>`, `when`
// being 0 after reset and 1 at the end. Exit status 1 with `deadlock <cycle>` or, after an assertion of the design, whose
// text stands on a line of its own, `stopped <cycle>`; and for each stream `state <id> <valid> <ready> <beats>`.
// A binary whose probes count stalls also prints `stalls <id> <blocked> <starved>`: cycles since the first frame's end.

#include <memory>

#include "Vnetwork.h"
#include "Vnetwork__Dpi.h"
#include "run.h"
#include "verilated.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Recorder = VerilatedFstC;
#elif VM_TRACE_SAIF
#include "verilated_saif_c.h"
using Recorder = VerilatedSaifC;
#endif

namespace {

constexpr int kInReset = 8;     // cycles
constexpr int kProd = 1000;     // cycles for which patient readers are ready, to see whether that is awaited

enum Rule { kWaitsForReady = 6, kLastMissing, kLastEarly, kTooEarly, kTooMany, kUnanswered, kNotHeld };

struct Violation {
    uint64_t cycle, frame, times;
};

Run run;
uint64_t cycle = 0, last_beat_cycle = 0, finished_cycle = 0, shown = 0;
bool frame_ended = false, impatient = false;
uint64_t prodded_until = 0;
std::map<std::pair<int, int>, Violation> violations;  // by rule and stream

struct {
    size_t life = 0, next = 0, start = 0;  // start: its place in the script
    bool closing = false;
    Access access;
    uint64_t noise = 1;
    std::vector<Access> script;
} registers;

uint32_t random_word(uint64_t& noise) {  // xorshift64*
    noise ^= noise >> 12;
    noise ^= noise << 25;
    noise ^= noise >> 27;
    return static_cast<uint32_t>((noise * 0x2545F4914F6CDD1DULL) >> 32);
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

void violate(int rule, int id) {
    const bool is_stream = id >= 0 && static_cast<size_t>(id) < run.streams.size();
    const uint64_t frame = is_stream ? run.streams[id].frames() : 0;
    const auto found = violations.try_emplace({rule, id}, Violation{cycle, frame, 0}).first;
    found->second.times++;
}

const Phase& phase_of(uint64_t frame, size_t& phase) {
    while (frame >= run.phases[phase].end && phase + 1 < run.phases.size()) phase++;
    return run.phases[phase];
}

uint64_t frame_of(const Stream& s) {  // that its writer or reader is at
    return s.role == Role::kRecords ? s.frames() : s.moved / s.beats_per_frame;
}

bool pauses(Stream& s, uint64_t frame) {
    if (s.pausing) {
        s.pausing--;
        return true;
    }
    if (!s.pauses.empty()) {
        const bool anywhere = s.role == Role::kRecords;  // whose frames have as many beats as there are peaks
        const auto found = s.pauses.find({frame, anywhere ? 0 : s.moved % s.beats_per_frame});
        if (found != s.pauses.end() && found->first != s.paused) {
            s.paused = found->first;
            s.pausing = found->second - 1;
            return true;
        }
    }
    const Stall& stall = s.stalls[s.phase];
    if (stall.threshold == 0 || random_word(s.noise) >= stall.threshold) return false;
    if (stall.longest > 1) s.pausing = random_word(s.noise) % stall.longest;
    return true;
}

void end_frame(Stream& s) {
    s.within = false;
    s.last_cycles.push_back(cycle);
    if (s.out) s.ends.push_back(std::ftell(s.out));
    frame_ended = true;
    if (!s.leaves()) return;
    finished_cycle = cycle;
    if (s.frames() <= shown) return;
    shown = s.frames();
    std::printf("frame %zu\n", s.last_cycles.size());
    std::fflush(stdout);
}

void record(Stream& s, size_t id, bool last) {
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
    const bool ends = records ? get_bits(s.beat, 0, s.bits, true) == -1 : s.beats % s.beats_per_frame == 0;
    if (run.marked && s.leaves() && last != ends) violate(ends ? kLastMissing : kLastEarly, id);
    if (s.role == Role::kInput && !run.cut && registers.next < registers.start) violate(kTooEarly, id);
    if (ends) end_frame(s);
}

bool passed(uint64_t frames) {  // on all streams that are recorded
    for (const Stream& s : run.streams) {
        if (s.known && (s.leaves() || s.out) && s.frames() < std::min(frames, s.total)) return false;
    }
    return true;
}

void rewind(Stream& s, uint64_t frames) {
    s.moved = s.role == Role::kRecords ? 0 : frames * s.beats_per_frame;
    s.beats = frames * s.beats_per_frame;
    s.phase = s.word = s.channel = s.pausing = 0;
    s.paused.first = ~0ULL;
    s.within = false;
    s.first_cycles.resize(std::min<size_t>(frames, s.first_cycles.size()));
    s.last_cycles.resize(std::min<size_t>(frames, s.last_cycles.size()));
    if (!s.out) return;
    s.ends.resize(frames);
    std::fseek(s.out, frames ? s.ends.back() : 0, SEEK_SET);
}

void begin_life(size_t life) {
    for (Stream& s : run.streams) rewind(s, life ? run.lives[life - 1].end : 0);
    registers.life = life;
    registers.next = 0;
    registers.script = run.reads;
    registers.script.insert(registers.script.end(), run.writes.begin(), run.writes.end());
    registers.start = registers.script.size() - 1;
    const bool amid = life > 0 && life + 1 < run.lives.size();
    if (amid) registers.script.insert(registers.script.end(), run.after.begin(), run.after.end());
    last_beat_cycle = cycle;
    frame_ended = true;
}

void report(const char* stop) {
    if (stop) std::printf("%s %llu\n", stop, static_cast<unsigned long long>(cycle));
    for (size_t id = 0; id < run.streams.size(); id++) {
        const Stream& s = run.streams[id];
        if (!s.known) continue;
        if (!stop && run.settle && (s.within || s.frames() > s.total)) violate(kTooMany, id);
        if (stop) std::printf("state %zu %d %d %llu\n", id, s.valid, s.ready, (unsigned long long)s.beats);
        if (s.counted) std::printf("stalls %zu %lld %lld\n", id, s.blocked, s.starved);
        std::printf("frames %zu", id);
        for (size_t frame = 0; frame < s.last_cycles.size(); frame++) {
            std::printf(" %llu %llu", (unsigned long long)s.first_cycles[frame], (unsigned long long)s.last_cycles[frame]);
        }
        std::printf("\n");
    }
    for (const auto& [broken, v] : violations) {
        std::printf("violation %d %d %llu %llu %llu\n", broken.first, broken.second, (unsigned long long)v.cycle,
                    (unsigned long long)v.frame, (unsigned long long)v.times);
    }
    std::printf("cycles %llu\n", static_cast<unsigned long long>(stop || run.cut ? cycle : finished_cycle));
}

}  // namespace

svBit network_fetch(int id) {
    Stream& s = run.streams[id];
    const uint64_t frame = frame_of(s);
    if (frame == s.total) return 0;
    phase_of(frame, s.phase);
    if (pauses(s, frame)) {
        for (uint32_t& word : s.beat) word = random_word(s.noise);
        return 0;
    }
    const uint64_t beats_per_pixel = s.beats_per_frame / s.pixels, beat = s.moved % s.beats_per_frame;
    const int channel = static_cast<int>(beat % beats_per_pixel) * s.lanes;
    const int32_t* pixel = &s.values[(frame % s.images * s.pixels + beat / beats_per_pixel) * s.channels];
    std::fill(s.beat.begin(), s.beat.end(), 0);
    for (int lane = 0; lane < s.lanes; lane++) {
        const bool real = channel + lane < s.channels;
        const uint32_t value = real ? static_cast<uint32_t>(pixel[channel + lane]) : random_word(s.noise);
        put_bits(s.beat, static_cast<size_t>(lane) * s.bits, s.bits, value);
    }
    s.moved++;
    return 1;
}

unsigned int network_fetched(int id, int index) { return run.streams[id].beat[index]; }

extern "C" unsigned int network_memory(int field) {
    static size_t phase = 0;
    if (field == 0) return run.latency;
    if (field == 1) return run.spread;
    for (const Stream& s : run.streams) {
        if (s.known && s.leaves()) return phase_of(s.frames(), phase).memory;
    }
    return 0;
}

svBit network_ready(int id, svBit valid, svBit taken) {
    Stream& s = run.streams[id];
    s.moved += taken;
    const uint64_t frame = frame_of(s);
    const bool patient = phase_of(frame, s.phase).patient && !impatient;
    if (patient && cycle < prodded_until) {
        if (taken) {
            violate(kWaitsForReady, id);
            impatient = true;
        }
        return 1;
    }
    if (patient && (!valid || taken)) return 0;
    return !pauses(s, frame);
}

void network_beat(int id, unsigned int word, svBit last) {
    Stream& s = run.streams[id];
    last_beat_cycle = cycle;
    if (s.role != Role::kInput) s.beat[s.word] = word;
    if (++s.word < s.beat.size()) return;
    s.word = 0;
    record(s, id, last);
}

void network_violation(int id, int rule) { violate(rule, id); }

int network_access() {
    if (registers.next == registers.script.size()) return 0;
    registers.access = registers.script[registers.next];
    return registers.access.write ? 2 : 1;
}

int unsigned network_access_address() { return registers.access.address; }

int unsigned network_access_data() { return registers.access.data; }

int unsigned network_access_strobes() { return registers.access.strobes; }

svBit network_access_refused() { return registers.access.refused; }

int network_delay(int limit) { return static_cast<int>(random_word(registers.noise) % limit); }

void network_accessed(unsigned int data) {
    const Access& access = registers.access;
    if (access.awaited && data != access.data) return;
    registers.next++;
    if (access.judged && data != access.data) violate(kNotHeld, -2);
    if (access.write || access.refused || access.judged || access.awaited) return;
    std::printf("register %zu %d %u %u\n", registers.life, registers.closing, registers.access.address, data);
}

extern "C" svBit network_counting() {  // whether the first frame has left all outputs
    for (const Stream& s : run.streams) {
        if (s.leaves() && s.known && s.last_cycles.empty()) return 0;
    }
    return 1;
}

extern "C" void network_stalls(int id, long long blocked, long long starved) {
    Stream& s = run.streams[id];
    s.counted = true;
    s.blocked = blocked;
    s.starved = starved;
}

svBit network_cut() { return run.cut; }

void network_state(int id, svBit valid, svBit ready) {
    if (static_cast<size_t>(id) >= run.streams.size()) return;  // of a cut that is joined
    run.streams[id].valid = valid;
    run.streams[id].ready = ready;
}

namespace {

bool unanswered() { return run.marked && registers.next < registers.script.size(); }

void blame_registers() { violate(kUnanswered, registers.access.write ? -1 : -2); }

// Whether the network stands still though readers have been prodded.
bool stands_still() {
    if (cycle - last_beat_cycle <= run.quiet) return false;
    const bool first = prodded_until == 0;
    if (first) prodded_until = cycle + kProd;
    if (first || cycle < prodded_until) return false;
    if (unanswered()) blame_registers();
    return true;
}

template <typename Tick, typename Finished>
const char* live(const Life& life, const Tick& tick, const Finished& finished) {
    bool done = false;
    while (!done) {
        cycle++;
        tick();
        if (finished()) return "stopped";
        if (frame_ended) done = passed(life.end);
        frame_ended = false;
        if (!done && stands_still()) return "deadlock";
    }
    for (uint64_t i = 0; i < life.more && !finished(); i++, cycle++) tick();
    return finished() ? "stopped" : nullptr;
}

// Reads the registers once nothing passes any more.
template <typename Tick, typename Finished>
const char* close(const Tick& tick, const Finished& finished) {
    for (uint64_t i = 0; i < run.settle && !finished(); i++, cycle++) tick();
    registers.closing = true;
    registers.next = 0;
    registers.start = 0;
    registers.script = run.reads;
    const uint64_t limit = cycle + run.quiet;
    for (; unanswered() && cycle < limit && !finished(); cycle++) tick();
    if (unanswered()) blame_registers();
    return finished() ? "stopped" : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) fail("usage: network RUN [+NAME[=VALUE]...]");
    run = read_run(argv[1]);
    const auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    context->traceEverOn(!run.waves.empty());
    context->fatalOnError(false);
    // The design's registers count frames that come and frames that go: apart, these have nothing to do with each other.
    context->assertOn(!run.cut);
    context->randReset(run.random);
    context->randSeed(static_cast<int>(run.seed % 1000000 + 1));
    const auto top = std::make_unique<Vnetwork>(context.get());
#if VM_TRACE
    Recorder waveform;
    if (!run.waves.empty()) {
        top->trace(&waveform, 99);
        waveform.open(run.waves.c_str());
    }
#endif
    const auto finished = [&] { return context->gotFinish(); };
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

    const char* stop = nullptr;
    for (size_t life = 0; life < run.lives.size() && !stop; life++) {
        top->rst_ni = 0;
        begin_life(life);
        for (int i = 0; i < kInReset; i++) tick();
        top->rst_ni = 1;
        stop = live(run.lives[life], tick, finished);
    }
    if (!stop && run.settle) stop = close(tick, finished);
    top->final();
#if VM_TRACE
    waveform.close();
#endif
    for (Stream& s : run.streams) {
        if (s.out) std::fclose(s.out);
    }
    report(stop);
    return stop ? 1 : 0;
}
