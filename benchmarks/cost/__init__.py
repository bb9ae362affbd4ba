"""The cost model against synthesis: samples of blocks, what Yosys makes of them, the fit, and the judgement."""
