#ifndef NNET_DEPTH_TO_SPACE_H_
#define NNET_DEPTH_TO_SPACE_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// The channels of a pixel become a block of pixels, one a cycle: a row is kept, and each row of its blocks read in turn.
/// What lies beyond out_height and out_width is left out.
template <class data_T, class res_T, class CONFIG_T>
void depth_to_space(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    data_T row[CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=row

DepthToSpaceRow:
    for (unsigned y = 0; y < CONFIG_T::in_height; y++) {
    DepthToSpaceBlockRow:
        for (unsigned r = 0; r < CONFIG_T::block_height; r++) {
        DepthToSpaceColumn:
            for (unsigned x = 0; x < CONFIG_T::in_width; x++) {
            DepthToSpaceBlockColumn:
                for (unsigned q = 0; q < CONFIG_T::block_width; q++) {
                    #pragma HLS LOOP_FLATTEN
                    #pragma HLS PIPELINE II=1
                    if (r == 0 && q == 0)
                        row[x] = data.read();
                    res_T out;
                    PRAGMA_DATA_PACK(out)
                DepthToSpaceChannel:
                    for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                        #pragma HLS UNROLL
                        out[c] = row[x][(r * CONFIG_T::block_width + q) * CONFIG_T::n_chan + c];
                    }
                    if (y * CONFIG_T::block_height + r < CONFIG_T::out_height &&
                        x * CONFIG_T::block_width + q < CONFIG_T::out_width)
                        res.write(out);
                }
            }
        }
    }
}

} // namespace nnet

#endif
