# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""PyTorch."""

import math
import random

from .common import CODES, HUGE_RANGES, RANGES, SCALES, Writer, f32, questions, special, zero_points


def write():
    import ml_dtypes
    import numpy as np
    import torch
    from torch.ao.quantization import (
        MinMaxObserver, MovingAverageMinMaxObserver, MovingAveragePerChannelMinMaxObserver, PerChannelMinMaxObserver,
    )  # fmt: skip

    packages = ["torch"]
    types = {"int8": torch.qint8, "uint8": torch.quint8}

    def quantize(x, scale, z, to):
        return torch.quantize_per_tensor(x, scale, z, types[to]).int_repr().numpy().astype(int)

    # -- quantize
    out = Writer("torch_quantize", packages,
        """PyTorch, x86, quantize_per_tensor and its dequantize. q, y: [zero_points, x]. The same in a tensor
        of one element as in a long one, and from quantize_per_channel; but in the special cases
        quantize_per_channel gives q_channel.""")  # fmt: skip
    for to in types:
        for scale in SCALES:
            for name, values in (("", questions(scale, CODES[to], "torch " + to)), ("/special", special(scale))):
                if name and scale not in (1.0, f32(0.1)):
                    continue
                x = torch.tensor(values, dtype=torch.float32)
                zs = zero_points(CODES[to])
                q, y, channel = [], [], []
                for z in zs:
                    q.append(quantize(x, scale, z, to))
                    y.append(torch.quantize_per_tensor(x, scale, z, types[to]).dequantize().numpy())
                    c = torch.quantize_per_channel(x.reshape(1, -1), torch.tensor([scale]), torch.tensor([z]), 0, types[to])
                    channel.append(c.int_repr().numpy().astype(int)[0])
                    for i in range(len(x)):
                        assert quantize(x[i : i + 1], scale, z, to)[0] == q[-1][i]
                        assert (quantize(x[i : i + 1].repeat(67), scale, z, to) == q[-1][i]).all()
                fields = {"q_channel": ("i", channel)} if name else {"y": ("f32", y)}
                assert name or (np.array(q) == np.array(channel)).all()
                out.case(f"tensor/{to}{name}", type=to, scale=("f32", scale), zero_points=("i", zs), x=("f32", x.numpy()),
                         q=("i", q), **fields)  # fmt: skip
        scale, zs = f32(1e-44), zero_points(CODES[to])
        x = torch.tensor([0.0, -0.0, 1e-44, -1e-44, 1.0, -1.0])
        out.comment("1 / scale is infinite.")
        out.case(f"tensor/{to}/special", type=to, scale=("f32", scale), zero_points=("i", zs), x=("f32", x.numpy()),
                 q=("i", [quantize(x, scale, z, to) for z in zs]),
                 q_channel=("i", [torch.quantize_per_channel(x.reshape(1, -1), torch.tensor([scale]),
                            torch.tensor([z]), 0, types[to]).int_repr().numpy()[0] for z in zs]))  # fmt: skip
    x = torch.tensor(questions(f32(0.1), CODES["int16"], "torch int32") + [16777217.0, 3e8])
    for name, x in (("", x), ("/special", torch.tensor(special(f32(0.1))))):
        q = torch.quantize_per_tensor(x, f32(0.1), 0, torch.qint32)
        fields = {} if name else {"y": ("f32", q.dequantize().numpy())}
        out.case("tensor/int32" + name, type="int32", scale=("f32", f32(0.1)), zero_points=("i", [0]), x=("f32", x.numpy()),
                 q=("i", q.int_repr().numpy()), **fields)  # fmt: skip
    rng = random.Random(4)
    for to in types:
        for shape, axis in (((3, 5), 0), ((2, 3, 5), 1), ((4, 6), 1), ((2, 3, 4, 5), 1)):
            n = shape[axis]
            scales = torch.tensor([rng.choice(SCALES[:5]) for _ in range(n)])
            zs = torch.tensor([rng.randint(*CODES[to]) for _ in range(n)])
            x = torch.tensor([rng.choice(questions(0.1, CODES[to], to)) for _ in range(math.prod(shape))])
            q = torch.quantize_per_channel(x.reshape(shape), scales, zs, axis, types[to])
            out.case(f"channel/{to}", type=to, shape=("i", shape), axis=axis, scales=("f32", scales.numpy()),
                     zero_points=("i", zs.numpy()), x=("f32", x.numpy()), q=("i", q.int_repr().numpy()),
                     y=("f32", q.dequantize().numpy()))  # fmt: skip
    out.close()

    # -- fake quantize
    out = Writer("torch_fake_quantize", packages,
        """PyTorch, x86, fake_quantize_per_tensor_affine and its mask: 1 where the rounded number is one of
        the codes [qmin, qmax]. y, mask: [zero_points, x]. fake_quantize_per_channel_affine gives the same, but
        in the special cases y_channel.""")  # fmt: skip
    for qmin, qmax in ((-128, 127), (0, 255), (-127, 127), (-8, 7), (0, 15)):
        for scale in (1.0, f32(0.1), f32(0.00214854861)):
            for name, values in (("", questions(scale, (qmin, qmax), f"fake {qmin} {qmax}")), ("/special", special(scale))):
                if name and scale not in (1.0, f32(0.1)):
                    continue
                x = torch.tensor(values, dtype=torch.float32)
                zs = zero_points((qmin, qmax))
                y, mask, channel = [], [], []
                for z in zs:
                    t = torch.tensor(z, dtype=torch.int32)
                    a, b = torch._fake_quantize_per_tensor_affine_cachemask_tensor_qparams(
                        x, torch.tensor(scale), t, torch.tensor(1), qmin, qmax)  # fmt: skip
                    plain = torch.fake_quantize_per_tensor_affine(x, scale, z, qmin, qmax)
                    assert (plain.numpy().view("u4") == a.numpy().view("u4")).all()
                    y.append(a.numpy())
                    mask.append(b.numpy().astype(int))
                    c = torch.fake_quantize_per_channel_affine(x.reshape(1, -1), torch.tensor([scale]), t.reshape(1), 0, qmin, qmax)
                    channel.append(c.numpy()[0])
                assert name or (np.array(y).view("u4") == np.array(channel).view("u4")).all()
                fields = {"y_channel": ("f32", channel)} if name else {}
                out.case(f"tensor/{qmin}_{qmax}{name}", qmin=qmin, qmax=qmax, scale=("f32", scale), zero_points=("i", zs),
                         x=("f32", x.numpy()), y=("f32", y), mask=("i", mask), **fields)  # fmt: skip
    for kind, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        scalar = np.float16 if kind == "f16" else ml_dtypes.bfloat16
        for name, values in (("", questions(f32(0.1), CODES["uint8"], kind)), ("/special", special(f32(0.1)))):
            x = torch.tensor(values).to(dtype)
            zs = zero_points(CODES["uint8"])
            y = [torch.fake_quantize_per_tensor_affine(x, f32(0.1), z, 0, 255) for z in zs]
            x, y = (list(v.view(torch.int16).numpy().view(scalar)) for v in (x, torch.cat(y)))
            out.case(f"tensor/0_255/{kind}{name}", qmin=0, qmax=255, scale=("f32", f32(0.1)), zero_points=("i", zs),
                     x=(kind, x), y=(kind, y))  # fmt: skip
    for shape, axis in (((3, 5), 0), ((2, 3, 4), 1)):
        n = shape[axis]
        scales = torch.tensor([rng.choice(SCALES[:5]) for _ in range(n)])
        zs = torch.tensor([rng.randint(-128, 127) for _ in range(n)], dtype=torch.int32)
        x = torch.tensor([rng.choice(questions(0.1, CODES["int8"], "x")) for _ in range(math.prod(shape))])
        y = torch.fake_quantize_per_channel_affine(x.reshape(shape), scales, zs, axis, -128, 127)
        out.case("channel/-128_127", shape=("i", shape), axis=axis, scales=("f32", scales.numpy()), qmin=-128, qmax=127,
                 zero_points=("i", zs.numpy()), x=("f32", x.numpy()), y=("f32", y.numpy()))  # fmt: skip
    out.close()

    # -- parameters
    out = Writer("torch_schemes", packages,
        """PyTorch: parameters from ranges. observer: MinMaxObserver. aten: ChooseQuantizationParams of ATen
        (_choose_qparams_per_tensor, quantize_per_tensor_dynamic), whose scale is a double. fbgemm:
        ChooseQuantizationParams of FBGEMM (fbgemm_linear_quantize_weight). channel: PerChannelMinMaxObserver of x.
        optimized: choose_qparams_optimized of x.""")  # fmt: skip
    dtypes = {"int8": torch.qint8, "uint8": torch.quint8}

    def observe(low, high, **arguments):
        observer = MinMaxObserver(**arguments)
        observer(torch.tensor([low, high], dtype=torch.float32))
        s, z = observer.calculate_qparams()
        return s.item(), z.item()

    for to, dtype in dtypes.items():
        for scheme in (torch.per_tensor_affine, torch.per_tensor_symmetric):
            for reduce in (False, True):
                if reduce and to == "uint8" and scheme == torch.per_tensor_symmetric:
                    continue  # PyTorch refuses
                arguments = {"dtype": dtype, "qscheme": scheme, "reduce_range": reduce}
                for name, ranges in (("", RANGES), ("/special", HUGE_RANGES)):
                    s, z = zip(*(observe(a, b, **arguments) for a, b in ranges))
                    kind = str(scheme).rsplit("_", 1)[1]
                    out.case(f"observer/{to}/{kind}{'/reduced' if reduce else ''}{name}", type=to, symmetric=int(kind == "symmetric"),
                             reduced=int(reduce), min=("f32", [a for a, b in ranges]), max=("f32", [b for a, b in ranges]),
                             scale=("f32", s), zero_point=("i", z))  # fmt: skip
    ties = [(-float(n), float(m - n)) for m in range(2, 400, 2) for n in range(1, m) if 510 * n % m == 0 and 510 * n // m % 2 == 1]
    ranges = RANGES + [t for t in ties if t[0] + t[1] not in (51.0, 255.0)][::12]
    for to, dtype in dtypes.items():
        for reduce in (False, True):
            s, z = [], []
            for a, b in ranges:
                q = torch.quantize_per_tensor_dynamic(torch.tensor([a, b]), dtype, reduce)
                s.append(q.q_scale())
                z.append(q.q_zero_point())
                if to == "uint8":
                    assert torch._choose_qparams_per_tensor(torch.tensor([a, b]), reduce) == (s[-1], z[-1])
            out.case(f"aten/{to}{'/reduced' if reduce else ''}", type=to, reduced=int(reduce), min=("f32", [a for a, b in ranges]),
                     max=("f32", [b for a, b in ranges]), scale=("f64", s), zero_point=("i", z))  # fmt: skip
    s, z = zip(*(torch._choose_qparams_per_tensor(torch.tensor(r), False) for r in HUGE_RANGES[:2]))
    out.case("aten/uint8/special", type="uint8", reduced=0, min=("f32", [a for a, b in HUGE_RANGES[:2]]),
             max=("f32", [b for a, b in HUGE_RANGES[:2]]), scale=("f64", s), zero_point=("i", z))  # fmt: skip
    s, z = zip(*(torch.fbgemm_linear_quantize_weight(torch.tensor([[a, b]]))[2:] for a, b in ranges))
    out.case("fbgemm/int8", type="int8", min=("f32", [a for a, b in ranges]), max=("f32", [b for a, b in ranges]),
             scale=("f32", s), zero_point=("i", z))  # fmt: skip
    for to, dtype in dtypes.items():
        for scheme in (torch.per_channel_affine, torch.per_channel_symmetric):
            x = torch.tensor([f32(rng.gauss(0.2, 1.0)) for _ in range(24)]).reshape(4, 6)
            observer = PerChannelMinMaxObserver(ch_axis=0, dtype=dtype, qscheme=scheme)
            observer(x)
            s, z = observer.calculate_qparams()
            out.case(f"channel/{to}", type=to, symmetric=int("symmetric" in str(scheme)), shape=("i", x.shape), x=("f32", x.numpy()),
                     scale=("f32", s.numpy()), zero_point=("i", z.numpy()))  # fmt: skip
    x = torch.tensor([f32(rng.gauss(0.0, 1.0)) for _ in range(64)])
    for bits in (8, 4, 2):
        high, low = torch.choose_qparams_optimized(x, 64, 200, 0.16, bits)
        out.case("optimized", bits=bits, bins=200, ratio=("f64", 0.16), x=("f32", x.numpy()), min=("f32", low.numpy()),
                 max=("f32", high.numpy()))  # fmt: skip
    out.close()

    # -- moving averages
    out = Writer("torch_moving_average", packages,
        """PyTorch: MovingAverageMinMaxObserver of batches, which have `sizes` elements of x; min and max after each
        batch, and the parameters after the last. channel: MovingAveragePerChannelMinMaxObserver, axis 0, of batches
        of the same shape; min, max: [batches, channels].""")  # fmt: skip
    rng = random.Random("moving averages")
    for weight in (0.01, 0.1, 1.0):
        for to, dtype in dtypes.items():
            for scheme in (torch.per_tensor_affine, torch.per_tensor_symmetric):
                observer = MovingAverageMinMaxObserver(averaging_constant=weight, dtype=dtype, qscheme=scheme)
                batches, low, high = [], [], []
                for i in range(12):
                    spread = 10.0 ** rng.uniform(-2, 2)
                    batches.append([f32(rng.gauss(0.2, spread)) for _ in range(rng.choice((2, 3, 5, 9)))])
                    observer(torch.tensor(batches[-1]))
                    low.append(observer.min_val.item())
                    high.append(observer.max_val.item())
                assert all(a <= b for a, b in zip(low, high))
                s, z = observer.calculate_qparams()
                out.case(f"tensor/{to}", type=to, symmetric=int("symmetric" in str(scheme)), weight=("f32", f32(weight)),
                         sizes=("i", [len(b) for b in batches]), x=("f32", batches), min=("f32", low), max=("f32", high),
                         scale=("f32", s.numpy()), zero_point=("i", z.numpy()))  # fmt: skip
    for to, dtype in dtypes.items():
        for scheme in (torch.per_channel_affine, torch.per_channel_symmetric):
            observer = MovingAveragePerChannelMinMaxObserver(averaging_constant=0.01, ch_axis=0, dtype=dtype, qscheme=scheme)
            batches, low, high = [], [], []
            for i in range(8):
                spread = 10.0 ** rng.uniform(-2, 2)
                batches.append([[f32(rng.gauss(0.2, spread)) for _ in range(4)] for _ in range(3)])
                observer(torch.tensor(batches[-1]))
                low.append(observer.min_val.clone().numpy())
                high.append(observer.max_val.clone().numpy())
            s, z = observer.calculate_qparams()
            out.case(f"channel/{to}", type=to, symmetric=int("symmetric" in str(scheme)), weight=("f32", f32(0.01)),
                     shape=("i", (3, 4)), x=("f32", batches), min=("f32", low), max=("f32", high),
                     scale=("f32", s.numpy()), zero_point=("i", z.numpy()))  # fmt: skip
    out.close()
