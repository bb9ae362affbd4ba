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
/// channels a cycle needs one read of the ring, so the ring needs no banks: 9 * n_chan / lanes cycles a pixel.
template <class data_T, class dilation_T, class res_T, class CONFIG_T, class weight_T, class bias_T>
void deform(hls::stream<data_T> &data, hls::stream<dilation_T> &dilation, hls::stream<res_T> &res,
            weight_T weight[9 * CONFIG_T::n_chan], bias_T bias[CONFIG_T::n_chan]) {
    const int height = CONFIG_T::in_height, width = CONFIG_T::in_width;
    const int lag = CONFIG_T::reach + 1;
    const int ring_rows = 2 * lag;

    data_T ring[ring_rows][CONFIG_T::in_width];
    dilation_T dilations[lag + 1][CONFIG_T::in_width];
    int newest = 0, newest_dilation = 0;

DeformRow:
    for (int row = 0; row < height + lag; row++) {
        const int y = row - lag;
        const int centre = newest >= lag ? newest - lag : newest - lag + ring_rows;
        const int oldest_dilation = newest_dilation == lag ? 0 : newest_dilation + 1;
    DeformColumn:
        for (int x = 0; x < width; x++) {
            if (row < height) {
                ring[newest][x] = data.read();
                dilations[newest_dilation][x] = dilation.read();
            }
            if (y < 0)
                continue;
            const int s = dilations[oldest_dilation][x][0].to_int();
            typename CONFIG_T::accum_t acc[CONFIG_T::n_chan];

        DeformGroup:
            for (unsigned first = 0; first < CONFIG_T::n_chan; first += CONFIG_T::lanes) {
            DeformTap:
                for (int k = 0; k < 9; k++) {
                    #pragma HLS LOOP_FLATTEN
                    #pragma HLS PIPELINE II=1
                    const int down = (k / 3 - 1) * s, right = (k % 3 - 1) * s;
                    const bool inside = y + down >= 0 && y + down < height && x + right >= 0 && x + right < width;
                    int slot = centre + (inside ? down : 0);
                    slot = slot < 0 ? slot + ring_rows : slot >= ring_rows ? slot - ring_rows : slot;
                    const data_T &in = ring[slot][inside ? x + right : x];
                DeformLane:
                    for (unsigned lane = 0; lane < CONFIG_T::lanes; lane++) {
                        #pragma HLS UNROLL
                        const unsigned c = first + lane;
                        typename CONFIG_T::accum_t sum = acc[c];
                        if (k == 0)
                            sum = bias[c];
                        if (inside)
                            sum += in[c] * weight[k * CONFIG_T::n_chan + c];
                        acc[c] = sum;
                    }
                }
            }

            res_T out;
            PRAGMA_DATA_PACK(out)
        DeformChannel:
            for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                #pragma HLS UNROLL
                out[c] = acc[c];
            }
            res.write(out);
        }
        newest = newest + 1 == ring_rows ? 0 : newest + 1;
        newest_dilation = newest_dilation == lag ? 0 : newest_dilation + 1;
    }
}

} // namespace nnet

#endif
