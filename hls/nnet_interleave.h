#ifndef NNET_INTERLEAVE_H_
#define NNET_INTERLEAVE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Output channel 2 i is channel i of the first stream, 2 i + 1 that of the second. Only wires.
template <class data1_T, class data2_T, class res_T, class CONFIG_T>
void interleave(hls::stream<data1_T> &data1, hls::stream<data2_T> &data2, hls::stream<res_T> &res) {
InterleavePixel:
    for (unsigned p = 0; p < CONFIG_T::n_pixels; p++) {
        #pragma HLS PIPELINE II=1
        const data1_T first = data1.read();
        const data2_T second = data2.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
    InterleaveChannel:
        for (unsigned i = 0; i < CONFIG_T::n_chan; i++) {
            #pragma HLS UNROLL
            out[2 * i] = first[i];
            out[2 * i + 1] = second[i];
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
