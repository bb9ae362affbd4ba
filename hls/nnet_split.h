#ifndef NNET_SPLIT_H_
#define NNET_SPLIT_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

template <unsigned FIRST, class data_T> void split_pixel(const data_T &) {
    #pragma HLS INLINE
}

/// Writes channels FIRST, FIRST + 1, ... of a pixel to the first stream, and what follows to the others.
template <unsigned FIRST, class data_T, class res_T, class... more_T>
void split_pixel(const data_T &in, hls::stream<res_T> &res, hls::stream<more_T> &...more) {
    #pragma HLS INLINE
    res_T out;
    PRAGMA_DATA_PACK(out)
SplitChannel:
    for (unsigned c = 0; c < res_T::size; c++) {
        #pragma HLS UNROLL
        out[c] = in[FIRST + c];
    }
    res.write(out);
    split_pixel<FIRST + res_T::size>(in, more...);
}

/// Consecutive runs of channels, one to each stream, all in the same cycle.
template <class data_T, class CONFIG_T, class... res_T>
void split(hls::stream<data_T> &data, hls::stream<res_T> &...res) {
SplitPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        split_pixel<0>(in, res...);
    }
}

} // namespace nnet

#endif
