#ifndef NNET_MUL_H_
#define NNET_MUL_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Products of two streams. A pixel of the second serves `n_served` of the first, and has as many channels, or one for
/// all of them. The result's type holds every product.
template <class data_T, class gate_T, class res_T, class CONFIG_T>
void mul(hls::stream<data_T> &data, hls::stream<gate_T> &gate, hls::stream<res_T> &res) {
    gate_T factor;

MulPixel:
    for (unsigned p = 0; p < CONFIG_T::n_pixels; p++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
        if (p % CONFIG_T::n_served == 0)
            factor = gate.read();
        res_T out;
        PRAGMA_DATA_PACK(out)
    MulChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            out[c] = in[c] * factor[CONFIG_T::n_gates == 1 ? 0 : c];
        }
        res.write(out);
    }
}

} // namespace nnet

#endif
