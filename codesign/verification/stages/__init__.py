"""One back end a file. Each has one function

    run(build, images, tensors) -> Iterator[dict[str, array]]

that runs `images` (N, C, H, W), integers of the graph's input, through the back end as it lies in the build folder
and yields, for successive runs of images, the tensors of `tensors` that it can show: (n, C, H, W) integers by the
graph's tensor name. A value that is no integer multiple of its tensor's scale is yielded as NOT_AN_INTEGER, which
equals no value of the graph. A back end that cannot run raises a CodesignError.

A stage of simulated hardware has another function `prove`, with the same arguments, which a verification takes in its
stead: it plays the images under every kind of traffic. What it returns has attributes `order`, the image of each frame
that it shows, `stopped`, whether it ended early, and `findings`, what its ports did.
"""
