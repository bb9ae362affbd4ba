#ifndef NNET_MAXPOOL_H_
#define NNET_MAXPOOL_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Maximum over the part of a window that lies inside the map; positions outside never win.
///
/// `ring` holds the window's rows, the lowest in `newest` and the others in the slots before it, cyclically.
template <class pixel_T, class CONFIG_T>
pixel_T window_max(const pixel_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width], int newest, int top, int left) {
    #pragma HLS INLINE
    pixel_T highest;
    bool empty = true;

WindowRow:
    for (int ky = 0; ky < (int)CONFIG_T::kernel_height; ky++) {
        #pragma HLS UNROLL
        const int next = newest + 1 + ky;
        const int slot = next < (int)CONFIG_T::kernel_height ? next : next - (int)CONFIG_T::kernel_height;
    WindowColumn:
        for (int kx = 0; kx < (int)CONFIG_T::kernel_width; kx++) {
            #pragma HLS UNROLL
            const int y = top + ky, x = left + kx;
            if (y < 0 || y >= (int)CONFIG_T::in_height || x < 0 || x >= (int)CONFIG_T::in_width)
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

/// Max-pooling with any stride and padding: a ring of as many rows as the kernel has, one result as soon as the last
/// pixel of its window has come. Rows and columns of padding below and to the right are visited without a pixel.
template <class data_T, class res_T, class CONFIG_T>
void maxpool(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    // the last window may end before the map does, or beyond it
    const int last_row = (int)((CONFIG_T::out_height - 1) * CONFIG_T::stride_height + CONFIG_T::kernel_height) -
                         (int)CONFIG_T::pad_top;
    const int last_column =
        (int)((CONFIG_T::out_width - 1) * CONFIG_T::stride_width + CONFIG_T::kernel_width) - (int)CONFIG_T::pad_left;
    const int rows = MAX(last_row, (int)CONFIG_T::in_height);
    const int columns = MAX(last_column, (int)CONFIG_T::in_width);

    data_T ring[CONFIG_T::kernel_height][CONFIG_T::in_width];
    #pragma HLS AGGREGATE variable=ring
    #pragma HLS ARRAY_PARTITION variable=ring complete dim=1
    int newest = 0;

MaxpoolRow:
    for (int y = 0; y < rows; y++) {
    MaxpoolColumn:
        for (int x = 0; x < columns; x++) {
            #pragma HLS LOOP_FLATTEN
            #pragma HLS PIPELINE
            if (y < (int)CONFIG_T::in_height && x < (int)CONFIG_T::in_width)
                ring[newest][x] = data.read();

            const int top = y - (int)CONFIG_T::kernel_height + 1, left = x - (int)CONFIG_T::kernel_width + 1;
            const int oy = top + (int)CONFIG_T::pad_top, ox = left + (int)CONFIG_T::pad_left;
            if (oy >= 0 && ox >= 0 && oy % (int)CONFIG_T::stride_height == 0 && ox % (int)CONFIG_T::stride_width == 0 &&
                y < last_row && x < last_column) {
                const data_T highest = window_max<data_T, CONFIG_T>(ring, newest, top, left);
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
        newest = newest + 1 == (int)CONFIG_T::kernel_height ? 0 : newest + 1;
    }
}

} // namespace nnet

#endif
