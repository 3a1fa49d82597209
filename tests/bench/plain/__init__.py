"""A plain inspection service, as people write it first: what Stripsight is measured against.

It shares no code with the service, only the product's boxes. Frames travel as float32 tensors, an asyncio server cuts
them up, ONNX Runtime runs the generator alone with its default settings, and scikit-image scores patch by patch.
"""
