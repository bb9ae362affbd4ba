#ifndef CODESIGN_CSIM_H_
#define CODESIGN_CSIM_H_

// Moves frames between files and the streams of the design, for the C simulation's main program.
#include <cassert> // nnet_helpers.h leaves it to its includer
#include "firmware/nnet_utils/nnet_helpers.h"
#include "firmware/nnet_utils/nnet_observe.h"

namespace nnet { // hls4ml's helpers want these defined by whoever links them
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(float);
} // namespace nnet

namespace csim {

inline std::FILE *open(const std::string &path, const char *mode) {
    std::FILE *file = std::fopen(path.c_str(), mode);
    if (file == NULL) {
        std::perror(path.c_str());
        std::exit(1);
    }
    return file;
}

/// Puts the next frame of `file`, int32 in (H, W, C) order, into `stream`.
template <class data_T> void feed(std::FILE *file, hls::stream<data_T> &stream, size_t pixels) {
    int32_t values[data_T::size];
    while (pixels-- > 0) {
        if (std::fread(values, sizeof(int32_t), data_T::size, file) != data_T::size) {
            std::fprintf(stderr, "ERROR: the input ends within a frame\n");
            std::exit(1);
        }
        data_T pixel;
        for (unsigned c = 0; c < data_T::size; c++)
            pixel[c] = values[c];
        stream.write(pixel);
    }
}

template <class data_T> void drain(hls::stream<data_T> &stream) {
    while (!stream.empty())
        stream.read();
}

} // namespace csim

#endif
