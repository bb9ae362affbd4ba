#ifndef NNET_UPSAMPLE_H_
#define NNET_UPSAMPLE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Nearest-neighbour upsampling by an integer factor, one pixel a cycle: a row is kept and repeated from memory.
template <class data_T, class res_T, class CONFIG_T>
void upsample(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    data_T row[CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=row

UpsampleRow:
    for (unsigned y = 0; y < CONFIG_T::in_height; y++) {
    UpsampleRepeatRow:
        for (unsigned ry = 0; ry < CONFIG_T::factor; ry++) {
        UpsampleColumn:
            for (unsigned x = 0; x < CONFIG_T::in_width; x++) {
            UpsampleRepeatColumn:
                for (unsigned rx = 0; rx < CONFIG_T::factor; rx++) {
                    #pragma HLS LOOP_FLATTEN
                    #pragma HLS PIPELINE II=1
                    if (ry == 0 && rx == 0)
                        row[x] = data.read();
                    res_T out;
                    PRAGMA_DATA_PACK(out)
                UpsampleChannel:
                    for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                        #pragma HLS UNROLL
                        out[c] = row[x][c];
                    }
                    res.write(out);
                }
            }
        }
    }
}

} // namespace nnet

#endif
