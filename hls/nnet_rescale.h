#ifndef NNET_RESCALE_H_
#define NNET_RESCALE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// How near to level - 1/2, in units of 2^-shift, float32 takes a product for it: half of what it tells apart there.
template <class CONFIG_T> typename CONFIG_T::sum_t rescale_near(int level) {
    typename CONFIG_T::sum_t near = 1;
    near <<= CONFIG_T::shift - 25;
    for (unsigned size = level > 0 ? level - 1 : -level; size > 0; size /= 2)
        near <<= 1;
    return near;
}

/// The sum's part above the shift, where the product without offset is rounded to float32 and halves go to the even one.
template <class CONFIG_T> int rescale_single(typename CONFIG_T::sum_t sum) {
    typename CONFIG_T::sum_t floor = sum >> CONFIG_T::shift, below = sum - (floor << CONFIG_T::shift), one = 1;
    if (floor < CONFIG_T::lo - 1 || floor > CONFIG_T::hi + 1)
        return floor < CONFIG_T::lo ? CONFIG_T::lo : CONFIG_T::hi;
    const int value = floor.to_int();
    if (value % 2 == 0)
        return value;
    if (below <= rescale_near<CONFIG_T>(value))
        return value - 1;
    return below >= (one << CONFIG_T::shift) - rescale_near<CONFIG_T>(value + 1) ? value + 1 : value;
}

/// y = clamp((multiplier * x + offset) >> shift, lo, hi), one multiplier and offset for all channels or one each; with
/// `single` as float32 has it.
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
            if (CONFIG_T::single)
                sum = rescale_single<CONFIG_T>(sum);
            else
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
