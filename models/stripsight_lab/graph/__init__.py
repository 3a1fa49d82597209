"""The inspection graph: uint8 patches in, scores and uint8 reconstructions out, in one ONNX model."""
