"""One back end a file. Each has one function

    run(build, images, tensors) -> Iterator[dict[str, array]]

that runs `images` (N, C, H, W), integers of the graph's input, through the back end as it lies in the build folder
and yields, for successive runs of images, the tensors of `tensors` that it can show: (n, C, H, W) integers by the
graph's tensor name. A value that is no integer multiple of its tensor's scale is yielded as NOT_AN_INTEGER, which
equals no value of the graph. A back end that cannot run raises a CodesignError. The stages `blocks` and `netlist` have
`compared` instead: they drive the blocks of the design with frames of their own.

What `run` returns may have attributes `order`, the images it shows if that is not each of them once, `stopped`, whether
it ended early, and `findings`, what else it found. A stage may also have

    check(build) -> str | None          what its files say that is wrong whatever the images, such as of another graph
    judge(build) -> Judge               for one that computes in float32: tells which differences are ties
"""
