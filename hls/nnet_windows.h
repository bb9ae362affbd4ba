#ifndef NNET_WINDOWS_H_
#define NNET_WINDOWS_H_

#include "nnet_common.h"

namespace nnet {

/// Where the windows of a layer lie, for loops over its input pixels: a window is complete with its lowest right pixel.
///
/// The loops go on to `rows` and `columns`, so that rows and columns of padding below and to the right are visited
/// without a pixel. A ring of as many rows as the kernel has holds what windows need.
template <class CONFIG_T> struct windows {
    // the last window may end before the map does, or beyond it
    static const int last_row = (int)((CONFIG_T::out_height - 1) * CONFIG_T::stride_height + CONFIG_T::kernel_height) -
                                (int)CONFIG_T::pad_top;
    static const int last_column =
        (int)((CONFIG_T::out_width - 1) * CONFIG_T::stride_width + CONFIG_T::kernel_width) - (int)CONFIG_T::pad_left;
    static const int rows = last_row > (int)CONFIG_T::in_height ? last_row : (int)CONFIG_T::in_height;
    static const int columns = last_column > (int)CONFIG_T::in_width ? last_column : (int)CONFIG_T::in_width;

    /// Input row of the first row of the window that ends in row y, and the same of columns.
    static int top(int y) {
        #pragma HLS INLINE
        return y - (int)CONFIG_T::kernel_height + 1;
    }
    static int left(int x) {
        #pragma HLS INLINE
        return x - (int)CONFIG_T::kernel_width + 1;
    }

    /// Whether a window ends at (y, x).
    static bool complete(int y, int x) {
        #pragma HLS INLINE
        const int oy = top(y) + (int)CONFIG_T::pad_top, ox = left(x) + (int)CONFIG_T::pad_left;
        return oy >= 0 && ox >= 0 && oy % (int)CONFIG_T::stride_height == 0 && ox % (int)CONFIG_T::stride_width == 0 &&
               y < last_row && x < last_column;
    }

    static bool inside(int y, int x) {
        #pragma HLS INLINE
        return y >= 0 && y < (int)CONFIG_T::in_height && x >= 0 && x < (int)CONFIG_T::in_width;
    }

    /// Slot of a window's row `ky` in the ring whose lowest row is in slot `newest`, the others cyclically before it.
    static int slot(int newest, int ky) {
        #pragma HLS INLINE
        const int next = newest + 1 + ky;
        return next < (int)CONFIG_T::kernel_height ? next : next - (int)CONFIG_T::kernel_height;
    }

    /// The slot of the row after that in slot `newest`.
    static int advanced(int newest) {
        #pragma HLS INLINE
        return newest + 1 == (int)CONFIG_T::kernel_height ? 0 : newest + 1;
    }
};

} // namespace nnet

#endif
