#ifndef NNET_MAXPOOL_H_
#define NNET_MAXPOOL_H_

#include "hls_stream.h"
#include "nnet_common.h"
#include "nnet_windows.h"

namespace nnet {

/// Maximum over the taps of a window that lie inside the map, `dilation` apart; positions outside never win. The kernel is
/// all that a window spans. `ring` as in `windows`.
template <class pixel_T, class CONFIG_T>
pixel_T window_max(const pixel_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left) {
    #pragma HLS INLINE
    pixel_T highest;
    bool empty = true;

WindowRow:
    for (int ky = 0; ky < (int)CONFIG_T::kernel_height; ky += CONFIG_T::dilation_height) {
        #pragma HLS UNROLL
        const int slot = windows<CONFIG_T>::slot(newest, ky);
    WindowColumn:
        for (int kx = 0; kx < (int)CONFIG_T::kernel_width; kx += CONFIG_T::dilation_width) {
            #pragma HLS UNROLL
            const int y = top + ky, x = left + kx;
            if (!windows<CONFIG_T>::inside(y, x))
                continue;
        WindowChannel:
            for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                #pragma HLS UNROLL
                if (empty || ring[slot][x][c] > highest[c])
                    highest[c] = ring[slot][x][c];
            }
            empty = false;
        }
    }
    return highest;
}

/// Max-pooling with any stride, padding and dilation: one result as soon as the last pixel of its window has come.
template <class data_T, class res_T, class CONFIG_T>
void maxpool(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typedef windows<CONFIG_T> grid;
    data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=ring
    #pragma HLS ARRAY_PARTITION variable=ring complete dim=1
    int newest = 0;

MaxpoolRow:
    for (int y = 0; y < grid::rows; y++) {
    MaxpoolColumn:
        for (int x = 0; x < grid::columns; x++) {
            #pragma HLS LOOP_FLATTEN
            #pragma HLS PIPELINE
            if (grid::inside(y, x))
                ring[newest][x] = data.read();
            if (grid::complete(y, x)) {
                const data_T highest = window_max<data_T, CONFIG_T>(ring, newest, grid::top(y), grid::left(x));
                res_T out;
                PRAGMA_DATA_PACK(out)
            MaxpoolChannel:
                for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
                    #pragma HLS UNROLL
                    out[c] = highest[c];
                }
                res.write(out);
            }
        }
        newest = grid::advanced(newest);
    }
}

} // namespace nnet

#endif
