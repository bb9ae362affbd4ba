#ifndef NNET_PEAK_H_
#define NNET_PEAK_H_

#include "hls_stream.h"
#include "nnet_common.h"
#include "nnet_maxpool.h"

namespace nnet {

template <class CONFIG_T> struct peak_window : CONFIG_T {
    static const unsigned kernel_height = 3;
    static const unsigned kernel_width = 3;
    static const unsigned dilation_height = 1;
    static const unsigned dilation_width = 1;
};

/// y = x where x is the maximum of its 3x3 neighbourhood and x >= threshold, else `floor`. Equal neighbours are both
/// peaks; positions outside never win.
template <class data_T, class res_T, class CONFIG_T>
void peak(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    data_T ring[3][CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=ring
    #pragma HLS ARRAY_PARTITION variable=ring complete dim=1
    int newest = 0;

PeakRow:
    for (int y = 0; y <= (int)CONFIG_T::in_height; y++) {
    PeakColumn:
        for (int x = 0; x <= (int)CONFIG_T::in_width; x++) {
            #pragma HLS LOOP_FLATTEN
            #pragma HLS PIPELINE
            if (y < (int)CONFIG_T::in_height && x < (int)CONFIG_T::in_width)
                ring[newest][x] = data.read();

            if (y > 0 && x > 0) {
                const data_T highest = window_max<data_T, peak_window<CONFIG_T>>(ring, newest, y - 2, x - 2);
                const data_T centre = ring[newest == 0 ? 2 : newest - 1][x - 1];
                res_T out;
                PRAGMA_DATA_PACK(out)
            PeakChannel:
                for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                    #pragma HLS UNROLL
                    const bool found = centre[c] == highest[c] && centre[c] >= CONFIG_T::threshold;
                    out[c] = found ? centre[c].to_int() : CONFIG_T::floor;
                }
                res.write(out);
            }
        }
        newest = newest == 2 ? 0 : newest + 1;
    }
}

} // namespace nnet

#endif
