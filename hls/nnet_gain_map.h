#ifndef NNET_GAIN_MAP_H_
#define NNET_GAIN_MAP_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Every pixel times the gain of its row and that of its column. The result's type holds every product.
template <class data_T, class res_T, class CONFIG_T, class row_T, class column_T>
void gain_map(hls::stream<data_T> &data, hls::stream<res_T> &res, row_T rows[CONFIG_T::in_height],
              column_T columns[CONFIG_T::in_width]) {
GainRow:
    for (unsigned y = 0; y < CONFIG_T::in_height; y++) {
    GainColumn:
        for (unsigned x = 0; x < CONFIG_T::in_width; x++) {
            #pragma HLS LOOP_FLATTEN
            #pragma HLS PIPELINE II=1
            const data_T in = data.read();
            const auto gain = rows[y] * columns[x];
            res_T out;
            PRAGMA_DATA_PACK(out)
        GainChannel:
            for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                #pragma HLS UNROLL
                out[c] = in[c] * gain;
            }
            res.write(out);
        }
    }
}

} // namespace nnet

#endif
