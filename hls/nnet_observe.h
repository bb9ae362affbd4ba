#ifndef NNET_OBSERVE_H_
#define NNET_OBSERVE_H_

// For C simulation only: lets a tensor be recorded while it lies complete in its stream.
#ifndef __SYNTHESIS__

#include "hls_stream.h"
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace nnet {

/// Files that receive the observed tensors, by the stream's name: int32 in (H, W, C) order, frame after frame.
inline std::map<std::string, std::FILE *> &observers() {
    static std::map<std::string, std::FILE *> files;
    return files;
}

/// Records the frame that lies in `stream`, if somebody asked for it, and leaves it there.
template <class data_T> void observe(hls::stream<data_T> &stream, const char *name) {
    const auto found = observers().find(name);
    if (found == observers().end())
        return;
    std::vector<int32_t> frame;
    frame.reserve(stream.size() * data_T::size);
    for (size_t left = stream.size(); left > 0; left--) {
        const data_T pixel = stream.read();
        for (unsigned c = 0; c < data_T::size; c++)
            frame.push_back(pixel[c].to_int());
        stream.write(pixel);
    }
    std::fwrite(frame.data(), sizeof(int32_t), frame.size(), found->second);
}

} // namespace nnet

#endif
#endif
