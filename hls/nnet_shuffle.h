#ifndef NNET_SHUFFLE_H_
#define NNET_SHUFFLE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Channel shuffle: output channel i is input channel (i % groups) * n_chan / groups + i / groups. Only wires.
template <class data_T, class res_T, class CONFIG_T>
void shuffle(hls::stream<data_T> &data, hls::stream<res_T> &res) {
ShufflePixel:
    for (unsigned p = 0; p < CONFIG_T::n_pixels; p++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
    ShuffleChannel:
        for (unsigned i = 0; i < CONFIG_T::n_chan; i++) {
            #pragma HLS UNROLL
            out[i] = in[(i % CONFIG_T::groups) * (CONFIG_T::n_chan / CONFIG_T::groups) + i / CONFIG_T::groups];
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
