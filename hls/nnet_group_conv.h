#ifndef NNET_GROUP_CONV_H_
#define NNET_GROUP_CONV_H_

#include "hls_stream.h"
#include "nnet_common.h"
#include "nnet_windows.h"

namespace nnet {

/// One window's results: bias + sum of weight * x, every output over the channels of its own group only.
///
/// A cycle works on `pe` outputs and for each of them on `simd` channels, in the folding and order of the hardware in
/// SystemVerilog: vectors of `units` groups, groups of `pe` outputs of it (`passes`), taps, groups of `simd` channels
/// (`together`). The weights of a cycle lie together, those of an output one after another.
template <class data_T, class res_T, class CONFIG_T, class weight_T, class bias_T>
res_T group_window(const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left,
                   weight_T weight[CONFIG_T::cycles * CONFIG_T::pe * CONFIG_T::simd], bias_T bias[CONFIG_T::n_filt]) {
    typedef windows<CONFIG_T> grid;
    const int pe = CONFIG_T::pe, simd = CONFIG_T::simd;
    const int run = pe / CONFIG_T::units; // outputs of a group at once
    const int taps = CONFIG_T::kernel_height * CONFIG_T::kernel_width;
    const int vectors = CONFIG_T::cycles / (CONFIG_T::passes * taps * CONFIG_T::together);

    res_T out;
    PRAGMA_DATA_PACK(out)
    typename CONFIG_T::accum_t acc[pe];
    #pragma HLS ARRAY_PARTITION variable=acc complete
    int cycle = 0;

GroupVector:
    for (int vector = 0; vector < vectors; vector++) {
    GroupPass:
        for (int pass = 0; pass < (int)CONFIG_T::passes; pass++) {
        GroupTap:
            for (int tap = 0; tap < taps; tap++) {
            GroupBeat:
                for (int beat = 0; beat < (int)CONFIG_T::together; beat++) {
                    #pragma HLS LOOP_FLATTEN
                    #pragma HLS PIPELINE II=1
                    const int ky = tap / (int)CONFIG_T::kernel_width, kx = tap % (int)CONFIG_T::kernel_width;
                    const bool inside = grid::inside(top + ky, left + kx);
                    const data_T &pixel = ring[grid::slot(newest, ky)][inside ? left + kx : 0];
                GroupOutput:
                    for (int p = 0; p < pe; p++) {
                        #pragma HLS UNROLL
                        const int filter = (vector * (int)CONFIG_T::passes + pass) * pe + p;
                        const int group = vector * (int)CONFIG_T::units + p / run;
                        if (filter >= (int)CONFIG_T::n_filt) // the last vector may have fewer groups
                            continue;
                        if (tap == 0 && beat == 0)
                            acc[p] = bias[filter];
                    GroupInput:
                        for (int s = 0; s < simd; s++) {
                            #pragma HLS UNROLL
                            if (inside)
                                acc[p] += pixel[group * (int)CONFIG_T::group_inputs + beat * simd + s] *
                                          weight[(cycle * pe + p) * simd + s];
                        }
                        out[filter] = acc[p];
                    }
                    cycle++;
                }
            }
        }
    }
    return out;
}

/// Group convolution with any stride and padding: a window is computed as soon as its last pixel has come.
template <class data_T, class res_T, class CONFIG_T, class weight_T, class bias_T>
void group_conv(hls::stream<data_T> &data, hls::stream<res_T> &res,
                weight_T weight[CONFIG_T::cycles * CONFIG_T::pe * CONFIG_T::simd], bias_T bias[CONFIG_T::n_filt]) {
    typedef windows<CONFIG_T> grid;
    const int word = CONFIG_T::pe * CONFIG_T::simd;
    #pragma HLS ARRAY_RESHAPE variable=weight cyclic factor=word

    data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=ring
    int newest = 0;

GroupRow:
    for (int y = 0; y < grid::rows; y++) {
    GroupColumn:
        for (int x = 0; x < grid::columns; x++) {
            if (grid::inside(y, x))
                ring[newest][x] = data.read();
            if (grid::complete(y, x))
                res.write(group_window<data_T, res_T, CONFIG_T>(ring, newest, grid::top(y), grid::left(x), weight, bias));
        }
        newest = grid::advanced(newest);
    }
}

} // namespace nnet

#endif
