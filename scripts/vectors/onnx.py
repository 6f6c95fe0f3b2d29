# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""The tests of the ONNX specification, and its reference evaluator."""

import random

from .common import CODES, INF, NAN, Writer, f32, questions, special, zero_points


def element(name):
    """The element type of a tensor with that dtype."""
    from onnx import TensorProto

    return getattr(TensorProto, {"float32": "FLOAT"}.get(name, name.upper()))


def constant(name, values, kind):
    import numpy as np
    from onnx import helper

    values = np.asarray(values)
    return helper.make_tensor(name, element(kind), values.shape, values.flatten().tolist())


def model(nodes, feeds, outputs, constants, opset):
    from onnx import helper

    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(n, element(str(v.dtype)), v.shape) for n, v in feeds.items()],
        [helper.make_tensor_value_info(n, element(t), None) for n, t in outputs], constants)  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=11)


def opset(name):
    return 25 if name in ("int2", "uint2") else 21


def reference(nodes, feeds, outputs, constants, version):
    """The answer of the specification's own evaluator."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model(nodes, feeds, outputs, constants, version)).run(None, feeds)


def reference_quantize(x, scale, z, to):
    import numpy as np
    from onnx import helper

    node = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])
    constants = [constant("s", scale, str(x.dtype)), constant("z", z, to)]
    with np.errstate(all="ignore"):
        return reference([node], {"x": x}, [("q", to)], constants, opset(to))[0].astype(int)


def tensor(a):
    """(type, values, shape, element type) of an input or output of a node test."""
    import onnx
    from onnx import numpy_helper

    if isinstance(a, onnx.TensorProto):
        element = onnx.TensorProto.DataType.Name(a.data_type).lower()
        a = numpy_helper.to_array(a)
    else:
        element = str(a.dtype)
    if element in ("float32", "float"):
        return "f32", a.flatten().tolist(), a.shape, "float32"
    if element == "float16":
        return "f16", list(a.flatten()), a.shape, element
    return "i", [int(v) for v in a.flatten()], a.shape, element


def write():
    write_node_tests()
    write_reference()


def write_node_tests():
    import onnx.backend.test.loader as loader

    out = Writer("onnx_node_tests", ["onnx"],
        """The tests of the ONNX specification for integer quantization, with the specification's answers.
        axis is that of the operator; block 0 means not blocked; no zero_point means 0.""")  # fmt: skip
    names = {
        "QuantizeLinear": ["x", "scale", "zero_point"], "DequantizeLinear": ["x", "scale", "zero_point"],
        "DynamicQuantizeLinear": ["x"], "MatMulInteger": ["a", "b", "a_zero_point", "b_zero_point"],
        "QLinearMatMul": ["a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "scale", "zero_point"],
    }  # fmt: skip
    results = {"DynamicQuantizeLinear": ["y", "scale", "zero_point"]}
    for test in sorted(loader.load_node_model_tests(), key=lambda t: t.name):
        if len(test.model.graph.node) != 1 or test.model.graph.node[0].op_type not in names:
            continue
        node = test.model.graph.node[0]
        inputs, outputs = test.data_sets[0]
        fields = {"op": node.op_type}
        attributes = {a.name: a.i for a in node.attribute}
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            fields["axis"] = attributes.get("axis", 1)
            fields["block"] = attributes.get("block_size", 0)
        integers = True
        values = list(zip(names[node.op_type], inputs)) + list(zip(results.get(node.op_type, ["y"]), outputs))
        for name, value in values:
            kind, flat_values, shape, element = tensor(value)
            integers = integers and "float8" not in element and "float4" not in element
            if name in ("x", "a", "b", "y", "scale", "b_scale") and not (name == "scale" and len(outputs) > 1):
                fields[name + "_shape"] = ("i", shape)
            if name in ("x", "y", "a", "b"):
                fields[name + "_type"] = element
            fields[name] = (kind, flat_values)
        if integers:
            out.case(test.name.removeprefix("test_"), **fields)
    out.close()


def write_reference():
    import numpy as np
    from onnx import helper

    out = Writer("onnx_reference", ["onnx", "numpy", "ml_dtypes"],
        """The reference evaluator of the ONNX specification. quantize: QuantizeLinear from float; q:
        [zero_points, x]. dynamic: DynamicQuantizeLinear.""")  # fmt: skip
    for to, codes in CODES.items():
        if to == "int32":
            continue
        scales = [1.0, f32(0.1), f32(0.00214854861)] if "8" in to else [f32(0.3)]
        for name, ask in (("", lambda s: questions(s, codes, "reference " + to)), ("/special", special)):
            for scale in scales[: 1 if name else None]:
                x = np.array(ask(scale), np.float32)
                q = [reference_quantize(x, scale, z, to) for z in zero_points(codes)]
                out.case(f"quantize/{to}{name}", type=to, scale=("f32", scale),
                         zero_points=("i", zero_points(codes)), x=("f32", x), q=("i", q))  # fmt: skip
    rng = random.Random(8)
    arrays = [[1.0] * 3, [-1.0, -1.0], [-1.0, 1.0], [-1.0, 0.0, 254.0], [-0.5, 0.0, 254.5], [-1.5, 253.5],
              [-11.0, 55.0, 1.0]] + [[f32(rng.gauss(0.3, 1.0)) for _ in range(17)] for _ in range(4)]  # fmt: skip
    specials = [[0.0, 0.0], [0.0, 1e-45], [3e38, -3e38], [NAN, 1.0, 2.0], [INF, 1.0], [-INF, 1.0, 2.0]]
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])
    for name, group in (("dynamic", arrays), ("dynamic/special", specials)):
        for x in group:
            x = np.array(x, np.float32)
            with np.errstate(all="ignore"):
                q, s, z = reference([node], {"x": x}, [("q", "uint8"), ("s", "float32"), ("z", "uint8")], [], 21)
            out.case(name, type="uint8", x=("f32", x), scale=("f32", s), zero_point=int(z), q=("i", q))
    out.close()
