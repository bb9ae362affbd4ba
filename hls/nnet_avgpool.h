#ifndef NNET_AVGPOOL_H_
#define NNET_AVGPOOL_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Sum of every channel over the map; dividing it is left to the scale. The result's type holds any partial sum.
template <class data_T, class res_T, class CONFIG_T>
void avgpool(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typename res_T::value_type sum[CONFIG_T::n_chan];
    #pragma HLS ARRAY_PARTITION variable=sum complete

AvgpoolPixel:
    for (unsigned i = 0; i < CONFIG_T::n_pixels; i++) {
        #pragma HLS PIPELINE II=1
        const data_T in = data.read();
    AvgpoolChannel:
        for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
            #pragma HLS UNROLL
            sum[c] = i == 0 ? typename res_T::value_type(in[c]) : typename res_T::value_type(sum[c] + in[c]);
        }
    }
    res_T out;
    PRAGMA_DATA_PACK(out)
AvgpoolResult:
    for (unsigned c = 0; c < CONFIG_T::n_chan; c++) {
        #pragma HLS UNROLL
        out[c] = sum[c];
    }
    res.write(out);
}

} // namespace nnet

#endif
