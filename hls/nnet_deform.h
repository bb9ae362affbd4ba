#ifndef NNET_DEFORM_H_
#define NNET_DEFORM_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Square integer deformable depthwise convolution: y(p) = bias + sum over k in {-1, 0, 1}^2 of
/// weight[k] * x(p + s(p) * k), zero outside the map, with |s| limited to `reach` rows by its type.
///
/// Row y of the result is computed while row y + reach + 1 of the input arrives. Its taps lie in rows y - reach to
/// y + reach, all complete, so a ring of 2 * reach + 2 rows never has one of them overwritten. One tap of `lanes`
/// channels is read in a cycle, so the ring is a plain memory of such words, without banks: a pixel takes
/// 10 * n_chan / lanes cycles, one part in ten of them to store it.
template <class data_T, class dilation_T, class res_T, class CONFIG_T, class weight_T, class bias_T>
void deform(hls::stream<data_T> &data, hls::stream<dilation_T> &dilation, hls::stream<res_T> &res,
            weight_T weight[9 * CONFIG_T::n_chan], bias_T bias[CONFIG_T::n_chan]) {
    const int height = CONFIG_T::in_height, width = CONFIG_T::in_width;
    const int lag = CONFIG_T::reach + 1;
    const int ring_rows = 2 * lag;
    const int lanes = CONFIG_T::lanes;
    #pragma HLS ARRAY_RESHAPE variable=weight cyclic factor=lanes
    #pragma HLS ARRAY_RESHAPE variable=bias cyclic factor=lanes

    typename data_T::value_type ring[ring_rows][CONFIG_T::in_width][CONFIG_T::n_chan];
    #pragma HLS ARRAY_RESHAPE variable=ring cyclic factor=lanes dim=3
    typename dilation_T::value_type dilations[lag + 1][CONFIG_T::in_width];
    int newest = 0, newest_dilation = 0;

DeformRow:
    for (int row = 0; row < height + lag; row++) {
        const int y = row - lag;
        const int centre = newest >= lag ? newest - lag : newest - lag + ring_rows;
        const int oldest_dilation = newest_dilation == lag ? 0 : newest_dilation + 1;
    DeformColumn:
        for (int x = 0; x < width; x++) {
            if (row < height) {
                const data_T in = data.read();
                dilations[newest_dilation][x] = dilation.read()[0];
            DeformStore:
                for (int first = 0; first < CONFIG_T::n_chan; first += lanes) {
                    #pragma HLS PIPELINE II=1
                    for (int lane = 0; lane < lanes; lane++) {
                        #pragma HLS UNROLL
                        ring[newest][x][first + lane] = in[first + lane];
                    }
                }
            }
            if (y < 0)
                continue;
            const int s = dilations[oldest_dilation][x].to_int();
            res_T out;
            PRAGMA_DATA_PACK(out)
            typename CONFIG_T::accum_t acc[lanes];
            #pragma HLS ARRAY_PARTITION variable=acc complete

        DeformGroup:
            for (int first = 0; first < CONFIG_T::n_chan; first += lanes) {
            DeformTap:
                for (int k = 0; k < 9; k++) {
                    #pragma HLS LOOP_FLATTEN
                    #pragma HLS PIPELINE II=1
                    const int down = (k / 3 - 1) * s, right = (k % 3 - 1) * s;
                    const bool inside = y + down >= 0 && y + down < height && x + right >= 0 && x + right < width;
                    int slot = centre + (inside ? down : 0);
                    slot = slot < 0 ? slot + ring_rows : slot >= ring_rows ? slot - ring_rows : slot;
                    const int column = inside ? x + right : x;
                DeformLane:
                    for (int lane = 0; lane < lanes; lane++) {
                        #pragma HLS UNROLL
                        const int c = first + lane;
                        if (k == 0)
                            acc[lane] = bias[c];
                        if (inside)
                            acc[lane] += ring[slot][column][c] * weight[k * CONFIG_T::n_chan + c];
                        if (k == 8)
                            out[c] = acc[lane];
                    }
                }
            }
            res.write(out);
        }
        newest = newest + 1 == ring_rows ? 0 : newest + 1;
        newest_dilation = newest_dilation == lag ? 0 : newest_dilation + 1;
    }
}

} // namespace nnet

#endif
