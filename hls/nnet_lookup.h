#ifndef NNET_LOOKUP_H_
#define NNET_LOOKUP_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// y = results_(x - first), of a row of n_value results a channel, or one for all.
template <class data_T, class res_T, class CONFIG_T, class result_T>
void lookup(hls::stream<data_T> &data, hls::stream<res_T> &res,
           result_T results[CONFIG_T::n_row * CONFIG_T::n_value]) {
    #pragma HLS ARRAY_PARTITION variable=results block factor=CONFIG_T::n_row

LookupPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)

    LookupChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            const unsigned row = CONFIG_T::n_row == 1 ? 0 : c * CONFIG_T::n_value;
            out[c] = results[row + (unsigned)(in[c].to_int() - (int)CONFIG_T::first)].to_int();
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
