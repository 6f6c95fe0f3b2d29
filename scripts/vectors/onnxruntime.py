# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime and its tools."""

import math
import os
import random
import tempfile

from .common import CODES, HUGE_RANGES, INF, NAN, RANGES, SCALES, Writer, f32, questions, special, zero_points
from .onnx import constant, element, model, opset, reference, reference_quantize


def min_max(calls, shape, **arguments):
    """Lowest and highest numbers after each call of collect_data, of a network that returns its input."""
    import onnx
    from onnx import TensorProto, helper
    from onnxruntime.quantization.calibrate import CalibrationDataReader, MinMaxCalibrater

    class Reader(CalibrationDataReader):
        def __init__(self, batches):
            self.left = list(batches)

        def get_next(self):
            return {"x": self.left.pop(0)} if self.left else None

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "graph", [x], [y])
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    low, high = [], []
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "network.onnx")
        onnx.save(network, path)
        calibrator = MinMaxCalibrater(path, augmented_model_path=path + ".augmented", **arguments)
        calibrator.augment_graph()
        calibrator.create_inference_session()
        for batches in calls:
            calibrator.collect_data(Reader(batches))
            found = dict(calibrator.calibrate_tensors_range.items())["x"].range_value
            low.append(found[0].copy())
            high.append(found[1].copy())
    return low, high


def write():
    import numpy as np
    import onnxruntime as ort
    from onnx import TensorProto, helper
    from onnxruntime.quantization import quant_utils

    ort.set_default_logger_severity(4)
    packages = ["onnxruntime", "onnx", "numpy"]

    def run(nodes, feeds, outputs, constants, version):
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        content = model(nodes, feeds, outputs, constants, version)
        content.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        content = content.SerializeToString()
        session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return session.run(None, feeds)

    def quantize(x, scale, z, to, **attributes):
        nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **attributes)]
        output = ("q", to)
        if to.endswith(("4", "2")) and to not in ("int32", "uint32"):  # Python has no such arrays
            nodes.append(helper.make_node("Cast", ["q"], ["c"], to=TensorProto.INT32))
            output = ("c", "int32")
        constants = [constant("s", scale, str(x.dtype)), constant("z", z, to)]
        return run(nodes, {"x": x}, [output], constants, opset(to))[0].astype(int)

    def same_alone(q, x, scale, z, to):
        """Every element gives the same in an array of its own (of 2 for packed types, see below)."""
        for i in range(0, len(x), 7):
            assert (quantize(np.repeat(x[i : i + 1], 2), scale, z, to) == q[i]).all(), (x[i], scale, z, to)

    # -- QuantizeLinear
    out = Writer("onnxruntime_quantize", packages,
        """ONNX Runtime, CPU, QuantizeLinear from float. q: [zero_points, x]. Per tensor, then per axis and
        blocked. Elements give the same alone (checked here), but for the last of an odd number of int4 or
        uint4, which treats specials as int2 and uint2 do: see odd/. So do blocks along another axis than the
        last, and int4 and uint4 with scales along the last axis.""")  # fmt: skip
    for to, codes in CODES.items():
        if to == "int32":
            continue
        scales = SCALES + [f32(2.0**-140), 2.0**127] if to in ("int8", "uint8") else [f32(0.3), f32(7e-5)]
        for scale in scales:
            x = np.array(questions(scale, codes, to), np.float32)
            q = []
            for z in zero_points(codes):
                q.append(quantize(x, scale, z, to))
                same_alone(q[-1], x, scale, z, to)
            out.case(f"tensor/{to}", type=to, scale=("f32", scale), zero_points=("i", zero_points(codes)),
                     x=("f32", x), q=("i", q))  # fmt: skip
        for scale in (1.0, f32(0.1))[: 2 if to in ("int8", "uint8") else 1]:
            x = np.array(special(scale), np.float32)
            q = [quantize(x, scale, z, to) for z in zero_points(codes)]
            out.case(f"tensor/{to}/special", type=to, scale=("f32", scale),
                     zero_points=("i", zero_points(codes)), x=("f32", x), q=("i", q))  # fmt: skip
    out.comment("Not as the specification says: the last of an odd number of elements.")
    for to in ("int4", "uint4"):
        x = np.array(special(1.0)[:11], np.float32)
        zs = zero_points(CODES[to])
        q = [[quantize(np.repeat(v, 3).astype(np.float32), 1.0, z, to)[2] for v in x] for z in zs]
        out.case(f"odd/{to}/special", type=to, scale=("f32", 1.0), zero_points=("i", zs), x=("f32", x), q=("i", q))
    rng = random.Random(1)
    for to in ("int8", "uint8", "int16", "uint16", "int4", "uint4", "int2", "uint2"):
        codes = CODES[to]
        for shape, axis, block in (((3, 4), 0, 0), ((2, 3, 5), 1, 0), ((2, 3, 4), 2, 0), ((3, 10), 1, 4), ((2, 5, 3), 1, 2)):
            count = list(shape) if block else [shape[axis]]
            if block:
                count[axis] = -(-shape[axis] // block)
            n = math.prod(count)
            scales = np.array([rng.choice(SCALES[:5]) for _ in range(n)], np.float32).reshape(count)
            zs = np.array([rng.randint(*codes) for _ in range(n)]).reshape(count)
            x = np.array([rng.choice(questions(0.1, codes, to)) for _ in range(math.prod(shape))], np.float32)
            attributes = {"axis": axis, "block_size": block} if block else {"axis": axis}
            q = quantize(x.reshape(shape), scales, zs, to, **attributes)
            out.case(f"{'blocked' if block else 'axis'}/{to}", type=to, shape=("i", shape), axis=axis, block=block,
                     scales=("f32", scales), zero_points=("i", zs), x=("f32", x), q=("i", q))  # fmt: skip
        for shape, axis, block in (((3, 12), 0, 0), ((12, 3), 1, 0), ((2, 12), 1, 6), ((12, 2), 0, 6)):
            count = [shape[axis]] if not block else [n // block if i == axis else n for i, n in enumerate(shape)]
            zs = np.resize(zero_points(codes), count)
            x = np.resize(np.array(special(1.0), np.float32), shape)
            attributes = {"axis": axis, "block_size": block} if block else {"axis": axis}
            q = quantize(x, np.ones(count, np.float32), zs, to, **attributes)
            out.case(f"{'blocked' if block else 'axis'}/{to}/special", type=to, shape=("i", shape), axis=axis,
                     block=block, scales=("f32", np.ones(count)), zero_points=("i", zs), x=("f32", x), q=("i", q))  # fmt: skip
    out.close()

    # -- float16
    out = Writer("onnxruntime_quantize_f16", packages,
        """ONNX Runtime, CPU, QuantizeLinear from float16. q: [zero_points, x]. The quotient is that of the
        two numbers as float; the specification and its reference evaluator take the quotient rounded to
        float16 (q_reference), which differs at ties.""")  # fmt: skip
    for to in ("int8", "uint8", "int16", "int4"):
        codes = CODES[to]
        for scale in (0.1, 0.0123, 6e-5) if "8" in to else (0.3,):
            s = np.float16(scale)
            candidates = np.array(questions(float(s), codes, to), np.float32).astype(np.float16)
            everything = np.arange(65536, dtype=np.uint16).view(np.float16)
            with np.errstate(all="ignore"):
                by_half = np.rint((everything / s).astype(np.float64))
                by_float = np.rint((everything.astype(np.float32) / np.float32(s)).astype(np.float64))
                differ = everything[np.isfinite(everything) & (by_half != by_float) & (abs(by_float) < codes[1])]
            x = np.concatenate([candidates, differ[:: max(1, len(differ) // 8)][:8]])
            x = x[np.isfinite(x)]
            x = x[: len(x) // 2 * 2]
            zs = zero_points(codes)
            q = [quantize(x, s, z, to) for z in zs]
            by_reference = [reference_quantize(x, s, z, to) for z in zs]
            out.case(f"tensor/{to}", type=to, scale=("f16", s), zero_points=("i", zs), x=("f16", list(x)),
                     q=("i", q), q_reference=("i", by_reference))  # fmt: skip
    out.comment("Not as the specification says: specials of float16.")
    for to in ("int8", "uint8"):
        x = np.array([NAN, INF, -INF, 65504, -65504, 0.0], np.float16)
        for scale in (1.0, 2.0**-24):
            s, zs = np.float16(scale), zero_points(CODES[to])
            q = [quantize(x, s, z, to) for z in zs]
            out.case(f"tensor/{to}/special", type=to, scale=("f16", s), zero_points=("i", zs),
                     x=("f16", list(x)), q=("i", q))  # fmt: skip
    out.close()

    # -- DequantizeLinear
    out = Writer("onnxruntime_dequantize", packages,
        """ONNX Runtime, CPU, DequantizeLinear. x: [zero_points, q].""")  # fmt: skip

    def dequantize(q, scale, z, kind, to, **attributes):
        inputs = ["q", "s"] + (["z"] if z is not None else [])
        constants = [constant("q", q, kind), constant("s", scale, to)]
        constants += [constant("z", z, kind)] if z is not None else []
        node = helper.make_node("DequantizeLinear", inputs, ["x"], **attributes)
        return run([node], {}, [("x", to)], constants, opset(kind))[0]

    for kind, codes in CODES.items():
        lo, hi = codes
        some = random.Random(kind)
        q = list(range(lo, hi + 1)) if hi - lo < 16 else [lo, lo + 1, -1, 0, 1, hi - 1, hi]
        q += [some.randint(lo, hi) for _ in range(9)] if hi - lo >= 16 else []
        q += [2**24 + 1, -(2**24) - 3] if kind == "int32" else []
        q = [v for v in q if lo <= v <= hi]
        zs = [0] if kind == "int32" else zero_points(codes)
        for scale in (f32(0.1), f32(1e-44), f32(1e36)) if "8" in kind else (f32(0.00214854861),):
            x = [dequantize(q, scale, None if kind == "int32" else z, kind, "float32") for z in zs]
            out.case(f"tensor/{kind}", type=kind, scale=("f32", scale), zero_points=("i", zs), q=("i", q), x=("f32", x))
        for scale in (0.1, 6e-8, 600.0) if "8" in kind else (0.0123,):
            s = np.float16(scale)
            x = [dequantize(q, s, None if kind == "int32" else z, kind, "float16") for z in zs]
            out.case(f"tensor/{kind}/f16", type=kind, scale=("f16", s), zero_points=("i", zs), q=("i", q),
                     x=("f16", [v for row in x for v in row]))  # fmt: skip
        if kind == "int32":
            continue
        shape, axis, block = (2, 5, 3), 1, 2
        for b, count in ((0, [5]), (block, [2, 3, 3])):
            n = math.prod(count)
            scales = np.array([some.choice(SCALES[:5]) for _ in range(n)], np.float32).reshape(count)
            zs = np.array([some.randint(lo, hi) for _ in range(n)]).reshape(count)
            q2 = np.array([some.randint(lo, hi) for _ in range(30)]).reshape(shape)
            attributes = {"axis": axis, "block_size": b} if b else {"axis": axis}
            x = dequantize(q2, scales, zs, kind, "float32", **attributes)
            out.case(f"{'blocked' if b else 'axis'}/{kind}", type=kind, shape=("i", shape), axis=axis, block=b,
                     scales=("f32", scales), zero_points=("i", zs), q=("i", q2), x=("f32", x))  # fmt: skip
    out.close()

    # -- DynamicQuantizeLinear
    out = Writer("onnxruntime_dynamic_quantize", packages,
        """ONNX Runtime, CPU, DynamicQuantizeLinear to uint8. In the special cases the scale is zero or
        infinite, or an element is NaN.""")  # fmt: skip
    arrays = [[0.0] * 3, [1.0] * 3, [-1.0, -1.0], [0.5], [-1.0, 1.0], [0.5, 1.5, 254.5, 255.0, 0.0],
              [-1.0, 0.0, 254.0], [-0.5, 0.0, 254.5], [-1.5, 253.5], [-2.5, 252.5, 0.5], [-0.0, -0.0],
              [1e-40, -1e-40], [1e38, -1e38], [1e-38, 3e-39, -2e-38], [-11.0, 55.0, 1.0], [1e-5, -1e3, 7.0]]  # fmt: skip
    rng = random.Random(2)
    for n in (1, 2, 3, 17, 33):
        for scale in (1.0, 1e20, 1e-30):
            arrays.append([f32(rng.gauss(0.3 if n % 2 else 0.0, 1.0) * scale) for _ in range(n)])
    specials = [[1e-45, 0.0], [-1e-45, 1e-45], [3e38, -3e38], [NAN, 1.0, 2.0], [1.0, NAN], [NAN, NAN], [INF, 1.0],
                [-INF, 1.0, 2.0], [INF, -INF]]  # fmt: skip
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])
    for name, group in (("uint8", arrays), ("uint8/special", specials)):
        for x in group:
            x = np.array(x, np.float32)
            q, s, z = run([node], {"x": x}, [("q", "uint8"), ("s", "float32"), ("z", "uint8")], [], 21)
            out.case(name, type="uint8", x=("f32", x), scale=("f32", s), zero_point=int(z), q=("i", q))
    out.close()

    # -- QLinearMatMul
    out = Writer("onnxruntime_qlinear_matmul", packages,
        """ONNX Runtime, CPU, QLinearMatMul: a [m, k], b [k, n], y [m, n]; one b_scale, or one per column.
        The zero point of b is 0. y_reference is the ONNX reference evaluator's answer, which adds the zero
        point before it rounds, and multiplies in double.""")  # fmt: skip
    rng = random.Random(3)
    for trial in range(16):
        ta, tb = (("uint8", "int8"), ("int8", "int8"))[trial % 2]
        m, k, n = rng.choice(((1, 3, 9), (4, 7, 5), (3, 33, 6)))
        if trial >= 12:
            m, k, n = ((1, 600, 2), (1, 1100, 2), (2, 3, 4), (2, 3, 4))[trial - 12]
        a = np.array([rng.randint(*CODES[ta]) for _ in range(m * k)]).reshape(m, k).astype(ta)
        b = np.array([rng.randint(*CODES[tb]) for _ in range(k * n)]).reshape(k, n).astype(tb)
        za, zy = rng.randint(*CODES[ta]), rng.randint(*CODES[ta])
        if trial % 3 == 0:  # small sums, of which every second one or so is a tie
            sa, sb, sy, zy = 0.5, [0.25], 0.125 * 2.0 ** rng.randint(1, 3), zy | 1
            za = max(CODES[ta][0] + 1, min(CODES[ta][1] - 1, za))
            a = np.array([za + rng.randint(-1, 1) for _ in range(m * k)]).reshape(m, k).astype(ta)
        else:
            sa, sb = f32(rng.uniform(0.01, 1)), [f32(rng.uniform(0.01, 1)) for _ in range(n if trial % 3 == 1 else 1)]
            sy = f32(sa * sum(sb) / len(sb) * 2.0 ** rng.uniform(5, 9))
        if trial in (12, 13):  # sums that are no floats
            a[:, 7:], b[:, 0], b[:, 1], za = CODES[ta][1], 127, -128, 0
            sa, sb, sy, zy = 1.0, [0.5], 2.0**17, 3
        if trial in (14, 15):  # multipliers of 1e36 and 1e-36
            sa, sb, sy = ((1e18, [1e18], 1.0), (1e-18, [1e-18], 1.0))[trial - 14]
            sa, sb = f32(sa), [f32(v) for v in sb]
        constants = [constant("sa", sa, "float32"), constant("za", za, ta),
                     constant("sb", sb if len(sb) > 1 else sb[0], "float32"),
                     constant("zb", [0] * len(sb) if len(sb) > 1 else 0, tb),
                     constant("sy", sy, "float32"), constant("zy", zy, ta)]  # fmt: skip
        node = helper.make_node("QLinearMatMul", ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"], ["y"])
        y = run([node], {"a": a, "b": b}, [("y", ta)], constants, 21)[0]
        by_reference = reference([node], {"a": a, "b": b}, [("y", ta)], constants, 21)[0]
        out.case(f"{ta}_{tb}", a_type=ta, m=m, k=k, n=n, a_scale=("f32", sa), a_zero_point=za, b_scales=("f32", sb),
                 y_scale=("f32", sy), y_zero_point=zy, a=("i", a), b=("i", b), y=("i", y),
                 y_reference=("i", by_reference))  # fmt: skip
    out.close()

    # -- MatMulIntegerToFloat, DynamicQuantizeMatMul
    def product(op, rng, m, k, n, tb, x, names, constants, columns, bias, b, const_b):
        """y of one of both operators, whose operands are x (codes or reals) and b."""
        zb = [rng.randint(*CODES[tb]) for _ in range(n if columns else 1)]
        sb = [f32(rng.uniform(0.001, 1)) for _ in range(n if columns else 1)]
        constants = constants + [constant("sb", sb if columns else sb[0], "float32"),
                                 constant("zb", zb if columns else zb[0], tb)]  # fmt: skip
        feeds = {"x": x, "b": b}
        if const_b:
            constants.append(constant("b", feeds.pop("b"), tb))

        def run_with(more, names):
            node = helper.make_node(op, names, ["y"], domain="com.microsoft")
            return run([node], feeds, [("y", "float32")], constants + more, 21)[0]

        y = run_with([], names)
        if bias:  # of the size of the products, where a contracted multiply-add shows
            bias = [f32(-0.999 * float(v) + 0.001) for v in y[0]]
            y = run_with([constant("bias", bias, "float32")], names + ["bias"])
        fields = dict(m=m, k=k, n=n, b_type=tb, b_scales=("f32", sb), b_zero_points=("i", zb),
                      bias=("f32", bias or []), b=("i", b), y=("f32", y))  # fmt: skip
        return fields

    shapes = ((1, 3, 9), (4, 7, 5), (3, 33, 6), (2, 16, 17))
    out = Writer("onnxruntime_matmul_to_float", packages,
        """ONNX Runtime, CPU, MatMulIntegerToFloat: a [m, k], b [k, n], y [m, n]; one scale and zero point of b,
        or one per column; a bias or none.""")  # fmt: skip
    rng = random.Random(4)
    for trial in range(24):
        ta, tb = (("uint8", "int8"), ("int8", "int8"), ("uint8", "uint8"))[trial % 3]
        m, k, n = (1, 1100, 2) if trial >= 21 else shapes[rng.randrange(4)]  # sums that are no floats
        a = np.array([rng.randint(*CODES[ta]) for _ in range(m * k)]).reshape(m, k).astype(ta)
        b = np.array([rng.randint(*CODES[tb]) for _ in range(k * n)]).reshape(k, n).astype(tb)
        if trial >= 21:
            a[:, 7:], b[:, 0], b[:, 1] = CODES[ta][0], CODES[tb][0], CODES[tb][1]
        za, sa = rng.randint(*CODES[ta]), f32(rng.uniform(0.001, 1))
        if trial in (18, 19):  # results of 1e38 and more, and below 1e-38
            sa = f32((1e35, 1e-43)[trial - 18])
        constants = [constant("sa", sa, "float32"), constant("za", za, ta)]
        names = ["x", "b", "sa", "sb", "za", "zb"]
        fields = product("MatMulIntegerToFloat", rng, m, k, n, tb, a, names, constants, trial // 3 % 2, trial % 4,
                         b, trial // 6 % 2)  # fmt: skip
        out.case(f"{ta}_{tb}", a_type=ta, a_scale=("f32", sa), a_zero_point=za, a=("i", a), **fields)
    out.close()

    out = Writer("onnxruntime_dynamic_matmul", packages,
        """ONNX Runtime, CPU, DynamicQuantizeMatMul: x [m, k], quantized to uint8 with one scale for all rows;
        b [k, n], y [m, n]; one scale and zero point of b, or one per column; a bias or none.""")  # fmt: skip
    rng = random.Random(5)
    for trial in range(16):
        tb = ("int8", "uint8")[trial % 2]
        m, k, n = shapes[rng.randrange(4)]
        size = (1.0, 1.0, 1e20, 1e-20)[trial % 4]
        x = np.array([f32(rng.gauss(0.3, 1.0) * size) for _ in range(m * k)], np.float32).reshape(m, k)
        b = np.array([rng.randint(*CODES[tb]) for _ in range(k * n)]).reshape(k, n).astype(tb)
        names = ["x", "b", "sb", "zb"]
        fields = product("DynamicQuantizeMatMul", rng, m, k, n, tb, x, names, [], trial // 2 % 2, trial % 3, b,
                         trial // 4 % 2)  # fmt: skip
        out.case(tb, x=("f32", x), **fields)
    out.close()

    # -- MinMaxCalibrater
    out = Writer("onnxruntime_min_max", packages,
        """onnxruntime.quantization.calibrate: MinMaxCalibrater of batches, which have `sizes` elements of x. min and
        max after each batch, each given to collect_data alone; with a weight by moving_average; symmetric: of [-m, m],
        m the largest magnitude of the batch. channel: per_channel, batches of shape [rows, 3, 2], axis 1; without a
        weight in one call, since the second one of such a calibrator fails. min, max: [calls, channels].
        special: NaN among numbers.""")  # fmt: skip
    rng = random.Random("min max")
    for layout, shape in (("tensor", ["n"]), ("channel", ["n", 3, 2])):
        for weight in (None, 0.01, 0.3):
            for symmetric in (False, True):
                batches = []
                for _ in range(8):
                    spread = 10.0 ** rng.uniform(-2, 2)
                    n = rng.randrange(2, 9) if layout == "tensor" else 6 * rng.randrange(1, 4)
                    batches.append(np.array([f32(rng.gauss(0.2, spread)) for _ in range(n)], np.float32))
                if weight is None:
                    batches[6][1] = -INF
                calls = [[b.reshape(-1, *shape[1:])] for b in batches]
                if layout == "channel" and weight is None:
                    calls = [[b for call in calls for b in call]]
                low, high = min_max(calls, shape, symmetric=symmetric, per_channel=layout == "channel",
                                    moving_average=weight is not None, averaging_constant=weight or 0.0)  # fmt: skip
                averaged = {} if weight is None else {"weight": ("f32", f32(weight))}
                out.case(f"{layout}/{'extremes' if weight is None else 'average'}", symmetric=int(symmetric), **averaged,
                         sizes=("i", [len(b) for b in batches]), x=("f32", batches), min=("f32", low),
                         max=("f32", high))  # fmt: skip
    x = np.array([1.0, NAN, 3.0, 4.0], np.float32)
    low, high = min_max([[x]], ["n"])
    out.case("tensor/special", x=("f32", x), min=("f32", low), max=("f32", high))
    out.close()

    # -- quant_utils
    out = Writer("onnxruntime_schemes", packages,
        """onnxruntime.quantization.quant_utils: get_qmin_qmax_for_qType, then compute_scale_zp of float32
        ranges.""")  # fmt: skip
    for to in ("int8", "uint8", "int16", "uint16", "int4", "uint4"):
        for symmetric in (False, True):
            for reduce in (False, True) if "8" in to else (False,):
                qmin, qmax = quant_utils.get_qmin_qmax_for_qType(element(to), reduce, symmetric)
                for name, ranges in (("", RANGES), ("/special", HUGE_RANGES[:2])):
                    low, high = np.array(ranges, np.float32).T
                    z, s = zip(*(quant_utils.compute_scale_zp(np.array(a), np.array(b), qmin, qmax, symmetric)
                                 for a, b in zip(low, high)))  # fmt: skip
                    out.case(f"{to}{'/symmetric' if symmetric else ''}{'/reduced' if reduce else ''}{name}", type=to,
                             qmin=int(qmin), qmax=int(qmax), symmetric=int(symmetric), min=("f32", low),
                             max=("f32", high), scale=("f32", s), zero_point=("i", z))  # fmt: skip
    out.close()
