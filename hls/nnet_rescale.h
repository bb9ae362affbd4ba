#ifndef NNET_RESCALE_H_
#define NNET_RESCALE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// y = clamp((multiplier * x + offset) >> shift, lo, hi), one multiplier and offset for all channels or one each.
///
/// `sum_t` holds every product and sum; its right shift rounds down.
template <class data_T, class res_T, class CONFIG_T, class multiplier_T, class offset_T>
void rescale(hls::stream<data_T> &data, hls::stream<res_T> &res, multiplier_T multiplier[CONFIG_T::n_multiplier],
             offset_T offset[CONFIG_T::n_offset]) {
    #pragma HLS ARRAY_PARTITION variable=multiplier complete
    #pragma HLS ARRAY_PARTITION variable=offset complete

RescalePixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)

    RescaleChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            typename CONFIG_T::sum_t sum = multiplier[CONFIG_T::n_multiplier == 1 ? 0 : c] * in[c];
            sum += offset[CONFIG_T::n_offset == 1 ? 0 : c];
            sum >>= CONFIG_T::shift;
            if (sum < CONFIG_T::lo)
                sum = CONFIG_T::lo;
            if (sum > CONFIG_T::hi)
                sum = CONFIG_T::hi;
            out[c] = sum.to_int();
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
