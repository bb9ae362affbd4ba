#ifndef NNET_TOP_K_H_
#define NNET_TOP_K_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Indices of the k largest channels of every pixel, the largest first, the lower index first of equal ones.
template <class data_T, class res_T, class CONFIG_T>
void top_k(hls::stream<data_T> &data, hls::stream<res_T> &res) {
TopKPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE
        const data_T in = data.read();
        bool gone[CONFIG_T::n_chan];
        #pragma HLS ARRAY_PARTITION variable=gone complete
        res_T out;
        PRAGMA_DATA_PACK(out)

    TopKNone:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            gone[c] = false;
        }
    TopKPlace:
        for (unsigned place = 0; place < CONFIG_T::k; place++) {
            #pragma HLS UNROLL
            bool found = false;
            unsigned largest = 0;
        TopKChannel:
            for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                #pragma HLS UNROLL
                if (!gone[c] && (!found || in[c] > in[largest])) {
                    found = true;
                    largest = c;
                }
            }
            gone[largest] = true;
            out[place] = largest;
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
