#ifndef NNET_THRESHOLD_H_
#define NNET_THRESHOLD_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// y = base + step * sum_k (sign * x >= thresholds_k), for a row of 2^n_stage - 1 ascending thresholds a channel, or one
/// for all; signs likewise. A binary search: one comparison a stage.
template <class data_T, class res_T, class CONFIG_T, class threshold_T, class sign_T>
void threshold(hls::stream<data_T> &data, hls::stream<res_T> &res,
               threshold_T thresholds[CONFIG_T::n_row * ((1 << CONFIG_T::n_stage) - 1)],
               sign_T sign[CONFIG_T::n_sign]) {
    const unsigned row = (1 << CONFIG_T::n_stage) - 1;
    #pragma HLS ARRAY_PARTITION variable=thresholds block factor=CONFIG_T::n_row
    #pragma HLS ARRAY_PARTITION variable=sign complete

ThresholdPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        res_T out;
        PRAGMA_DATA_PACK(out)

    ThresholdChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            const unsigned first = CONFIG_T::n_row == 1 ? 0 : c * row;
            const int value = in[c].to_int();
            const int x = sign[CONFIG_T::n_sign == 1 ? 0 : c].to_int() < 0 ? -value : value;
            unsigned reached = 0;

        ThresholdStage:
            for (unsigned half = (row + 1) / 2; half > 0; half /= 2) {
                #pragma HLS UNROLL
                if (x >= thresholds[first + reached + half - 1].to_int())
                    reached += half;
            }
            out[c] = CONFIG_T::base + CONFIG_T::step * (int)reached;
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
