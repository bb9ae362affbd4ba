// What a RUN file says; its lines are described in network.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

enum class Role { kInput, kOutput, kRecords, kInner };

struct Stall {
    uint64_t threshold = 0;  // a pause begins when 32 random bits are below it
    uint32_t longest = 1;    // cycles
};

struct Phase {
    uint64_t end = 0;  // number of its last frame, and 1
    uint32_t memory = 0;
    bool patient = false;
};

struct Life {           // between two resets
    uint64_t end = 0;   // frames that have passed whole when it is over
    uint64_t more = 0;  // cycles until the reset
};

struct Access {
    bool write = false;
    bool refused = false;  // the answer must be SLVERR
    bool judged = false;   // what is read must be `data`
    bool awaited = false;  // it is read until it is `data`
    uint32_t address = 0, data = 0, strobes = 15;
};

struct Stream {
    bool known = false;
    Role role = Role::kInner;
    int lanes = 1, bits = 1, channels = 1;
    bool is_signed = false;
    uint64_t pixels = 1, beats_per_frame = 1;
    uint64_t total = 0;   // frames to be played, or to pass
    uint64_t images = 0;  // inputs only: frames in `values`
    std::string file, name;

    // As its writer or reader makes it pause.
    std::vector<Stall> stalls;  // by phase
    std::map<std::pair<uint64_t, uint64_t>, uint64_t> pauses;  // cycles, by frame and beat
    std::pair<uint64_t, uint64_t> paused{~0ULL, 0};
    uint64_t pausing = 0, noise = 1;
    size_t phase = 0;
    uint64_t moved = 0;  // beats played, or taken

    std::vector<int32_t> values;  // inputs only
    std::vector<uint32_t> beat;   // words of the beat that is played or recorded
    size_t word = 0;              // words of it seen so far
    int channel = 0;              // of lane 0 of the next beat
    uint64_t beats = 0;           // that have passed
    bool within = false;          // a frame, of which a beat has passed
    FILE* out = nullptr;
    std::vector<uint64_t> first_cycles, last_cycles;  // of each frame
    std::vector<long> ends;                           // of each frame, in the file
    bool valid = false, ready = false, counted = false;
    long long blocked = 0, starved = 0;

    uint64_t frames() const { return last_cycles.size(); }
    bool leaves() const { return role == Role::kOutput || role == Role::kRecords; }
};

struct Run {
    uint64_t seed = 0, quiet = 100000, frames = 0, settle = 0;
    uint32_t latency = 0, spread = 0;
    int random = 0;
    bool marked = true;  // frames end with TLAST
    bool cut = false;
    std::vector<Phase> phases;
    std::vector<Life> lives;
    std::vector<Access> reads, writes, after;  // `after`: the last of the writes, which is the start
    bool started = false;
    std::vector<Stream> streams;
    std::string waves;
};

[[noreturn]] inline void fail(const std::string& what) {
    std::fprintf(stderr, "network: %s\n", what.c_str());
    std::exit(2);
}

inline Stream stream(std::istringstream& line, const Run& run, size_t& id) {
    std::string role;
    Stream s;
    line >> id >> role >> s.lanes >> s.bits >> s.is_signed >> s.channels >> s.pixels >> s.total >> s.images;
    line >> s.file >> s.name;
    if (!line) fail("malformed stream line");
    s.known = true;
    s.role = role == "input"     ? Role::kInput
             : role == "output"  ? Role::kOutput
             : role == "records" ? Role::kRecords
                                 : Role::kInner;
    s.beat.assign((static_cast<size_t>(s.lanes) * s.bits + 31) / 32, 0);
    s.beats_per_frame = s.pixels * ((s.channels + s.lanes - 1) / s.lanes);
    s.noise = (run.seed + 1) * 0x9E3779B97F4A7C15ULL + id * 0xD1B54A32D192ED03ULL;
    if (s.noise == 0) s.noise = 1;
    s.stalls.resize(run.phases.size());
    if (s.role == Role::kInput) {
        s.values.resize(s.images * s.pixels * s.channels);
        std::ifstream in(s.file, std::ios::binary);
        in.read(reinterpret_cast<char*>(s.values.data()), s.values.size() * sizeof(int32_t));
        if (!in) fail("cannot read " + s.file);
    } else if (s.file != "-") {
        s.out = std::fopen(s.file.c_str(), "wb");
        if (!s.out) fail("cannot write " + s.file);
    }
    return s;
}

inline void read_traffic(const std::string& word, std::istringstream& line, Run& run) {
    size_t id = 0, phase = 0;
    uint64_t frame = 0, beat = 0, cycles = 0;
    double probability = 0;
    if (word == "stall") {
        line >> id >> phase >> probability >> cycles;
        Stall& stall = run.streams.at(id).stalls.at(phase);
        stall.threshold = static_cast<uint64_t>(probability * 4294967296.0);
        stall.longest = static_cast<uint32_t>(cycles);
    } else {
        line >> id >> frame >> beat >> cycles;
        run.streams.at(id).pauses[{frame, beat}] = cycles;
    }
    if (!line) fail("malformed line of traffic");
}

inline bool is_access(const std::string& word) {
    static const std::set<std::string> words = {"read", "write", "masked", "start", "refused", "unknown", "holds", "await"};
    return words.count(word) > 0;
}

inline void read_access(const std::string& word, std::istringstream& line, Run& run) {
    Access access;
    access.write = word == "write" || word == "masked" || word == "start" || word == "refused";
    access.refused = word == "refused" || word == "unknown";
    access.judged = word == "holds";
    access.awaited = word == "await";
    line >> access.address;
    if (word != "read" && word != "unknown") line >> access.data;
    if (word == "masked") line >> access.strobes;
    if (!line) fail("malformed line of an access");
    (word == "read" ? run.reads : run.started ? run.after : run.writes).push_back(access);
    run.started = run.started || word == "start";
}

inline void read_line(const std::string& word, std::istringstream& line, Run& run) {
    if (word == "run") line >> run.seed >> run.quiet >> run.random >> run.marked >> run.settle;
    if (word == "memory") line >> run.latency >> run.spread;
    if (word == "waves") line >> run.waves;
    if (word == "cut") run.cut = true;
    if (word == "phase") {
        Phase phase;
        uint64_t frames;
        line >> frames >> phase.memory >> phase.patient;
        phase.end = run.frames += frames;
        run.phases.push_back(phase);
    } else if (word == "reset") {
        Life life;
        line >> life.more;
        life.end = run.frames;
        run.lives.push_back(life);
    } else if (is_access(word)) {
        read_access(word, line, run);
    } else if (word == "stream") {
        size_t id;
        Stream s = stream(line, run, id);
        if (run.streams.size() <= id) run.streams.resize(id + 1);
        run.streams[id] = std::move(s);
    } else if (word == "stall" || word == "pause") {
        read_traffic(word, line, run);
    }
}

inline Run read_run(const char* path) {
    std::ifstream in(path);
    if (!in) fail(std::string("cannot read ") + path);
    Run run;
    std::string text, word;
    while (std::getline(in, text)) {
        std::istringstream line(text);
        line >> word;
        read_line(word, line, run);
    }
    if (run.phases.empty()) fail("no phase");
    Life last;
    last.end = run.frames;
    run.lives.push_back(last);
    return run;
}
