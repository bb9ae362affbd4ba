#ifndef NNET_BINARY_CONV_H_
#define NNET_BINARY_CONV_H_

#include "hls_stream.h"
#include "nnet_common.h"
#include "nnet_windows.h"

namespace nnet {

/// Input `place` of the window whose upper left pixel is (top, left), in the order (ky, kx, channel): -1 or +1, and -1
/// outside of the map.
template <class data_T, class CONFIG_T>
int binary_input(const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left, int place) {
    #pragma HLS INLINE
    typedef windows<CONFIG_T> grid;
    const int tap = place / (int)CONFIG_T::n_chan, channel = place % (int)CONFIG_T::n_chan;
    const int ky = tap / (int)CONFIG_T::kernel_width, kx = tap % (int)CONFIG_T::kernel_width;
    if (!grid::inside(top + ky, left + kx))
        return -1;
    return ring[grid::slot(newest, ky)][left + kx][channel].to_int();
}

/// One window's sums, each counted by itself: twice the inputs that equal their weights, less all inputs.
///
/// A cycle works on `pe` outputs and for each of them on `simd` inputs, in the folding and order of the hardware in
/// SystemVerilog. A weight is 1 for +1 and 0 for -1.
template <class data_T, class res_T, class CONFIG_T, class weight_T>
res_T binary_window(const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left,
                    weight_T weight[CONFIG_T::cycles * CONFIG_T::pe * CONFIG_T::simd]) {
    const int pe = CONFIG_T::pe, simd = CONFIG_T::simd;
    const int steps = CONFIG_T::n_place / simd;

    res_T out;
    PRAGMA_DATA_PACK(out)
    int equal[pe];
    #pragma HLS ARRAY_PARTITION variable=equal complete

BinaryCycle:
    for (int cycle = 0; cycle < (int)CONFIG_T::cycles; cycle++) {
        #pragma HLS PIPELINE II=1
        const int step = cycle % steps;
    BinaryOutput:
        for (int p = 0; p < pe; p++) {
            #pragma HLS UNROLL
            const int filter = cycle / steps * pe + p;
            if (filter >= (int)CONFIG_T::n_filt)
                continue;
            if (step == 0)
                equal[p] = 0;
        BinaryInput:
            for (int s = 0; s < simd; s++) {
                #pragma HLS UNROLL
                const bool x = binary_input<data_T, CONFIG_T>(ring, newest, top, left, step * simd + s) > 0;
                equal[p] += x == (weight[(cycle * pe + p) * simd + s] != 0);
            }
            out[filter] = 2 * equal[p] - (int)CONFIG_T::n_place;
        }
    }
    return out;
}

/// The same along a tree: y_channel = sign * y_parent + 2 * (sum of weight * x over the places that the channel counts).
///
/// The first channel of `order` is the tree's root, which counts every place once. Of channel number i in it, the
/// places first[i] to first[i + 1] of `place` are counted. All of it is constant, and unrolled: adders and wires.
template <class data_T, class res_T, class CONFIG_T, class order_T, class parent_T, class sign_T, class first_T,
          class place_T, class weight_T>
res_T binary_tree(const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left,
                  order_T order[CONFIG_T::n_filt], parent_T parent[CONFIG_T::n_filt], sign_T sign[CONFIG_T::n_filt],
                  first_T first[CONFIG_T::n_filt + 1], place_T place[CONFIG_T::n_counted],
                  weight_T weight[CONFIG_T::n_counted]) {
    #pragma HLS PIPELINE II=CONFIG_T::interval

    res_T out;
    PRAGMA_DATA_PACK(out)
    int sum[CONFIG_T::n_filt];
    #pragma HLS ARRAY_PARTITION variable=sum complete

TreeChannel:
    for (int i = 0; i < (int)CONFIG_T::n_filt; i++) {
        #pragma HLS UNROLL
        int counted = 0;
    TreePlace:
        for (int k = first[i].to_int(); k < first[i + 1].to_int(); k++) {
            #pragma HLS UNROLL
            const int x = binary_input<data_T, CONFIG_T>(ring, newest, top, left, place[k].to_int());
            counted += weight[k] != 0 ? x : -x;
        }
        const int channel = order[i].to_int();
        sum[channel] = i == 0 ? counted : sign[i].to_int() * sum[parent[i].to_int()] + 2 * counted;
        out[channel] = sum[channel];
    }
    return out;
}

/// Calls `compute` with the ring and the place of every window as soon as its last pixel has come.
template <class data_T, class res_T, class CONFIG_T, class compute_T>
void binary_windows(hls::stream<data_T> &data, hls::stream<res_T> &res, compute_T compute) {
    typedef windows<CONFIG_T> grid;
    data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=ring
    int newest = 0;

BinaryRow:
    for (int y = 0; y < grid::rows; y++) {
    BinaryColumn:
        for (int x = 0; x < grid::columns; x++) {
            if (grid::inside(y, x))
                ring[newest][x] = data.read();
            if (grid::complete(y, x))
                res.write(compute(ring, newest, grid::top(y), grid::left(x)));
        }
        newest = grid::advanced(newest);
    }
}

/// Binary convolution with any stride and padding, every sum counted by itself.
template <class data_T, class res_T, class CONFIG_T, class weight_T>
void binary_conv(hls::stream<data_T> &data, hls::stream<res_T> &res,
                 weight_T weight[CONFIG_T::cycles * CONFIG_T::pe * CONFIG_T::simd]) {
    const int word = CONFIG_T::pe * CONFIG_T::simd;
    #pragma HLS ARRAY_RESHAPE variable=weight cyclic factor=word
    binary_windows<data_T, res_T, CONFIG_T>(
        data, res, [&](const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left) {
            return binary_window<data_T, res_T, CONFIG_T>(ring, newest, top, left, weight);
        });
}

/// Binary convolution with any stride and padding, sums along a tree.
template <class data_T, class res_T, class CONFIG_T, class order_T, class parent_T, class sign_T, class first_T,
          class place_T, class weight_T>
void binary_conv(hls::stream<data_T> &data, hls::stream<res_T> &res, order_T order[CONFIG_T::n_filt],
                 parent_T parent[CONFIG_T::n_filt], sign_T sign[CONFIG_T::n_filt], first_T first[CONFIG_T::n_filt + 1],
                 place_T place[CONFIG_T::n_counted], weight_T weight[CONFIG_T::n_counted]) {
    #pragma HLS ARRAY_PARTITION variable=order complete
    #pragma HLS ARRAY_PARTITION variable=parent complete
    #pragma HLS ARRAY_PARTITION variable=sign complete
    #pragma HLS ARRAY_PARTITION variable=first complete
    #pragma HLS ARRAY_PARTITION variable=place complete
    #pragma HLS ARRAY_PARTITION variable=weight complete
    binary_windows<data_T, res_T, CONFIG_T>(
        data, res, [&](const data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left) {
            return binary_tree<data_T, res_T, CONFIG_T>(ring, newest, top, left, order, parent, sign, first, place,
                                                        weight);
        });
}

} // namespace nnet

#endif
