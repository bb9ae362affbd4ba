#ifndef NNET_REQUANT_H_
#define NNET_REQUANT_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// y = clamp(round(x * 2^-shift), lo, hi), one shift for all channels or one each.
///
/// `exact_t` holds every shifted accumulator without loss, so the only rounding and saturation are those of
/// `rounded_t`; `lo` and `hi` clamp to ranges narrower than that type.
template <class data_T, class res_T, class CONFIG_T, class shift_T>
void requant(hls::stream<data_T> &data, hls::stream<res_T> &res, shift_T shift[CONFIG_T::n_shift]) {
    #pragma HLS ARRAY_PARTITION variable=shift complete

RequantPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)

    RequantChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            typename CONFIG_T::exact_t x = in[c];
            x >>= shift[CONFIG_T::n_shift == 1 ? 0 : c].to_int();
            const typename CONFIG_T::rounded_t rounded = x;
            int y = rounded.to_int();
            if (y < CONFIG_T::lo)
                y = CONFIG_T::lo;
            if (y > CONFIG_T::hi)
                y = CONFIG_T::hi;
            out[c] = y;
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
