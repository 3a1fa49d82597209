"""How the frames of a strip are seen together: fuse.onnx, the graph that runs once all of them are there."""

from dataclasses import dataclass

import onnx
from onnx import parser

from stripsight_lab.graph.assemble import IR_VERSION, OPSET


@dataclass(frozen=True)
class Fusion:
    """A map becomes max(map, gain * mean over the frames).

    What stays in its place, as a defect of the wall does, is in every frame; a bubble or a drop is not. The maximum
    keeps what moves, a particle in the liquid, as it was.
    """

    frames: int
    patches_per_frame: int
    gain: float

    def graph(self, side: int) -> onnx.ModelProto:
        """Return fuse.onnx: `frame_maps` float32 [S, side, side] in, `anomaly_maps` alike and `scores` [S] out.

        S is frames x patches_per_frame, in frame, vial, region order. A map that is not finite scores NaN.
        """
        strip = self.frames * self.patches_per_frame
        maps = f"float[{strip},{side},{side}]"
        model = parser.parse_model(f"""
            <ir_version: {IR_VERSION}, opset_import: ["" : {OPSET}]>
            fuse ({maps} frame_maps) => ({maps} anomaly_maps, float[{strip}] scores) {{
                by_frame = Constant<value_ints = [{self.frames}, {self.patches_per_frame}, {side}, {side}]>()
                each = Reshape(frame_maps, by_frame)
                frames = Constant<value_ints = [0]>()
                lasting = ReduceMean(each, frames)
                gain = Constant<value_float = {self.gain:.6f}>()
                lasting_weighed = Mul(lasting, gain)
                fused = Max(each, lasting_weighed)
                in_a_row = Constant<value_ints = [{strip}, {side}, {side}]>()
                anomaly_maps = Reshape(fused, in_a_row)
                rows_and_columns = Constant<value_ints = [1, 2]>()
                total = ReduceSum<keepdims = 0>(anomaly_maps, rows_and_columns)
                nothing = Constant<value_float = 0.0>()
                fault = Mul(total, nothing)
                peak = ReduceMax<keepdims = 0>(anomaly_maps, rows_and_columns)
                scores = Add(peak, fault)
            }}""")
        onnx.checker.check_model(model, full_check=True)
        return model
