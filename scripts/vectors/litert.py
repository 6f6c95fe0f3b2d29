# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""LiteRT, which was TensorFlow Lite."""

import os
import random

from .common import CODES, Writer, f32, questions, special, zero_points


def write():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    packages = ["ai-edge-litert"]
    types = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "uint8": schema.TensorType.UINT8,
             "int16": schema.TensorType.INT16, "int32": schema.TensorType.INT32}  # fmt: skip
    kernels = {"reference": OpResolverType.BUILTIN_REF, "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
               "xnnpack": OpResolverType.AUTO}  # fmt: skip

    def tensor(name, kind, shape, scale=None, z=0, buffer=0):
        t = schema.TensorT()
        t.name, t.type, t.shape, t.buffer = name, types[kind], list(shape), buffer
        if scale is not None:
            t.quantization = schema.QuantizationParametersT()
            t.quantization.scale, t.quantization.zeroPoint = [scale], [z]
        return t

    def run(kernel, op, version, options, x, tensors, data=()):
        """A model of one operator. tensors: the input, constants, the output."""
        model = schema.ModelT()
        model.version = 3
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = op, op, version
        model.operatorCodes = [code]
        model.buffers = [schema.BufferT()]
        for d in data:
            model.buffers.append(schema.BufferT())
            model.buffers[-1].data = np.frombuffer(d.tobytes(), np.uint8)
        operator = schema.OperatorT()
        operator.opcodeIndex = 0
        operator.inputs, operator.outputs = list(range(len(tensors) - 1)), [len(tensors) - 1]
        operator.builtinOptionsType, operator.builtinOptions = options
        graph = schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [operator], [0], operator.outputs
        model.subgraphs = [graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        interpreter = Interpreter(model_content=bytes(builder.Output()), num_threads=1,
                                  experimental_op_resolver_type=kernels[kernel])  # fmt: skip
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy()

    def quantize(kernel, x, kind, scale, z, to, to_scale, to_z):
        options = (schema.BuiltinOptions.QuantizeOptions, schema.QuantizeOptionsT())
        q = run(kernel, schema.BuiltinOperator.QUANTIZE, 3, options, x,
                [tensor("x", kind, x.shape, scale, z), tensor("y", to, x.shape, to_scale, to_z)])  # fmt: skip
        return q.astype(int)

    def body(kernel, x, *arguments):
        """What the vector loop of a kernel gives: every element in the middle of many."""
        return quantize(kernel, np.concatenate([x, np.zeros(-len(x) % 64, x.dtype)]), *arguments)[: len(x)]

    out = Writer("litert_quantize", packages,
        """LiteRT (TFLite), x86, QUANTIZE from float. q_...: [zero_points, x]. q_reference: the reference
        kernels. q_xnnpack: what runs by default (none for int16). q_builtin: the vector loop of the optimized
        kernels, without delegate; q_builtin_tail: their last elements.""")  # fmt: skip
    for to in ("int8", "uint8", "int16"):
        for scale in (1.0, f32(0.1), f32(0.3), f32(0.00214854861), f32(7e-5)):
            for name, values in (("", questions(scale, CODES[to], "litert " + to)), ("/special", special(scale))):
                if name and scale not in (1.0, f32(0.1)):
                    continue
                x = np.array(values, np.float32)
                zs = [0] if to == "int16" else zero_points(CODES[to])
                results = {"reference": [], "xnnpack": [], "builtin": [], "builtin_tail": []}
                for z in zs:
                    arguments = ("float32", None, 0, to, scale, z)
                    for kernel in ("reference", "xnnpack", "builtin"):
                        results[kernel].append(body(kernel, x, *arguments))
                    if name:
                        assert (results["builtin"][-1] == results["reference"][-1]).all()
                    results["builtin_tail"].append([quantize("builtin", v.reshape(1), *arguments)[0] for v in x])
                if to == "int16":
                    del results["xnnpack"]
                out.case(f"{to}{name}", type=to, scale=("f32", scale), zero_points=("i", zs), x=("f32", x),
                         **{"q_" + k: ("i", v) for k, v in results.items()})  # fmt: skip
    out.close()

    out = Writer("litert_requantize", packages,
        """LiteRT (TFLite), x86. quantize: the operator QUANTIZE between integers, of the codes in.
        fully_connected: int8 FULLY_CONNECTED with weights of 0, so that the sums are the bias, acc;
        multiplier = a_scale * b_scale / scale in double. q_reference: the reference kernels. q_xnnpack: what
        runs by default (none: as q_builtin). q_builtin: the optimized kernels without delegate (vector
        loop).""")  # fmt: skip
    sets = [(1.0, 4.0, 0, 0), (0.5, 1.0, 3, -7), (0.1, 0.3, -5, 11), (0.3, 0.1, 1, -2),
            (0.7, 2.8, 9, 1)]  # fmt: skip
    for kind, to in (("int8", "int8"), ("uint8", "uint8"), ("int8", "uint8"), ("uint8", "int8"), ("int16", "int8")):
        for scale, to_scale, z, to_z in sets if kind == to == "int8" else sets[:3]:
            scale, to_scale = f32(scale), f32(to_scale)
            if kind == "uint8":
                z += 128
            if to == "uint8":
                to_z += 128
            if kind == "int16":
                z, scale = 0, f32(scale / 64)
                rng = random.Random(to_scale)
                x = np.array([-32768, 32767, 0] + [rng.randint(-32768, 32767) for _ in range(61)], np.int16)
            else:
                x = np.arange(CODES[kind][0], CODES[kind][1] + 1, 1 if kind == to == "int8" else 3).astype(kind)
            results = {k: body(k, x, kind, scale, z, to, to_scale, to_z) for k in kernels}
            if kind == "int16" or kind != to:
                assert (results["xnnpack"] == results["builtin"]).all()
                del results["xnnpack"]
            out.case(f"quantize/{kind}_{to}", in_type=kind, type=to, in_scale=("f32", scale), in_zero_point=z,
                     scale=("f32", to_scale), zero_point=to_z, **{"in": ("i", x)},
                     **{"q_" + k: ("i", v) for k, v in results.items()})  # fmt: skip

    def fully_connected(kernel, acc, a_scale, b_scale, scale, z):
        n = len(acc)
        data = [np.zeros((n, 1), np.int8), np.array(acc, np.int32)]
        options = (schema.BuiltinOptions.FullyConnectedOptions, schema.FullyConnectedOptionsT())
        tensors = [tensor("x", "int8", (1, 1), a_scale), tensor("w", "int8", (n, 1), b_scale, 0, 1),
                   tensor("b", "int32", (n,), f32(a_scale * b_scale), 0, 2), tensor("y", "int8", (1, n), scale, z)]  # fmt: skip
        return run(kernel, schema.BuiltinOperator.FULLY_CONNECTED, 4, options, np.zeros((1, 1), np.int8), tensors, data)[0].astype(int)

    rng = random.Random(5)
    for trial in range(8):
        multiplier = 2.0 ** -rng.randint(0, 10) if trial % 2 == 0 else 2.0 ** rng.uniform(-14, 0.5)
        a_scale, b_scale = 0.5, 0.25 if trial % 2 == 0 else f32(rng.uniform(0.001, 1))
        scale, z = f32(a_scale * b_scale / multiplier), rng.randint(-20, 20)
        multiplier = a_scale * b_scale / scale
        acc = {round(half / 2 / multiplier) + d for half in range(-261, 262, 6) for d in (-1, 0, 1)}
        acc = sorted(rng.sample(sorted(acc), 60)) + [2**24 + 1, -(2**24) - 1, 123456789, -123456789]
        results = {k: fully_connected(k, acc, a_scale, b_scale, scale, z) for k in kernels}
        out.case("fully_connected/int8", type="int8", a_scale=("f32", a_scale), b_scale=("f32", b_scale), scale=("f32", scale),
                 zero_point=z, multiplier=("f64", multiplier), acc=("i", acc),
                 **{"q_" + k: ("i", v) for k, v in results.items()})  # fmt: skip
    for exponent in (-2, 0, 1):  # the scale 2^exponent of the output: sums that leave 32 bits
        acc = [2**31 - 1, -(2**31), 2**30, -(2**30), 2**30 - 1, 2**29 + 1, 10**9, -(10**9), 0, 1, -1, 5]
        results = {k: fully_connected(k, acc, 1.0, 1.0, 2.0**exponent, 3) for k in kernels}
        out.case("fully_connected/int8/special", type="int8", a_scale=("f32", 1.0), b_scale=("f32", 1.0),
                 scale=("f32", 2.0**exponent), zero_point=3, multiplier=("f64", 2.0**-exponent), acc=("i", acc),
                 **{"q_" + k: ("i", v) for k, v in results.items()})  # fmt: skip
    out.close()
