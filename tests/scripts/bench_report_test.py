# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/bench_report.py: what the page shows is what was measured, and a browser shows it."""

import html
import json
import math
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import bench_samples as samples
import bench_report

CHROMIUM = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None)


def expected(results):
    """{(chart, mark): value}, from the results alone: no code of the report, no code of the table."""
    best, size_of = {}, {}
    for run in results["benchmarks"]:
        if run["run_type"] == "iteration":
            name = run["name"]
            best[name] = max(best.get(name, 0), run["items_per_second"])
            size_of[name] = run["items_per_second"] / run["bytes_per_second"]
    found = {}
    for name, rate in best.items():
        task, kind, contender, size = (name.split("/") + [""])[:4]
        if contender not in samples.TARGETS:
            if contender == "scalar" and kind == "s8_calls":
                found["quantize: s8_calls", name] = int(size) / rate * 1e9
            continue
        if kind == "s8_calls":
            found["quantize: s8_calls", name] = int(size) / rate * 1e9
            continue
        found[contender, name] = rate / 1e9
        bounds = [best[b] for b in (f"{task}/{kind}/copy_bound/{size}", f"{task}/{kind}/{contender}_instruction_bound")
                  if b in best]
        if bounds:
            found[task, name] = rate / min(bounds)
        for other in ("scalar", "xsimd"):
            if contender == "AVX2" and f"{task}/{kind}/{other}/{size}" in best:
                found[f"{task}: qmath / {other}", f"{name} vs {other}"] = rate / best[f"{task}/{kind}/{other}/{size}"]
    return found


def drawn(page):
    """The charts of a page, from its text."""
    charts = []
    for figure in re.findall(r"<figure>.*?</figure>", page, re.S):
        number = r'="([-\d.]+)"'
        charts.append({
            "title": html.unescape(re.search("<figcaption>(.*?)</figcaption>", figure)[1]),
            "marks": [{"name": html.unescape(m[2]), "value": float(m[3]), "x": float(m[0]), "y": float(m[1])}
                      for m in re.findall(rf'<circle[^>]* cx{number} cy{number}[^>]* data-name="(.*?)" '
                                          r'data-value="(.*?)"', figure)],
            "ticks": [{"x1": float(t[0]), "y1": float(t[1]), "x2": float(t[2]), "y2": float(t[3]), "value": float(t[4])}
                      for t in re.findall(rf'<line[^>]* x1{number} y1{number} x2{number} y2{number} '
                                          r'data-tick="(.*?)"', figure)]})
    return charts


def read_off(chart, mark):
    """The value of a mark as one reads it off the axis: between the ticks, linear or logarithmic."""
    up = [(t["y1"], t["value"]) for t in chart["ticks"] if t["y1"] == t["y2"]]
    across = [(t["x1"], t["value"]) for t in chart["ticks"] if t["x1"] == t["x2"]]
    ticks, place = (up, mark["y"]) if up else (across, mark["x"])
    (a, first), (b, last) = min(ticks, key=lambda t: t[1]), max(ticks, key=lambda t: t[1])
    if first == 0:
        return (place - a) / (b - a) * last
    return first * (last / first) ** ((place - a) / (b - a))


class Checks:
    def check_marks(self, charts, results, tolerance):
        wanted = expected(results)
        found = {}
        for chart in charts:
            for mark in chart["marks"]:
                if mark["name"].startswith("prediction/"):
                    self.assertIn("(predicted)", chart["title"])
                    self.assertAlmostEqual(read_off(chart, mark), mark["value"], delta=tolerance)
                    continue
                key = chart["title"], mark["name"]
                self.assertNotIn(key, found)
                found[key] = mark["value"]
                self.assertTrue(math.isclose(read_off(chart, mark), mark["value"], rel_tol=tolerance),
                                (key, mark, read_off(chart, mark)))
        self.assertEqual(set(found), set(wanted))
        for key, value in wanted.items():
            self.assertTrue(math.isclose(found[key], value, rel_tol=1e-9), (key, found[key], value))


class Page(Checks, unittest.TestCase):
    def test_marks_have_the_values_and_places_of_the_results(self):
        results = samples.results()
        charts = drawn(bench_report.report(results))
        self.check_marks(charts, results, 0.01)
        self.assertEqual([c["title"] for c in charts if "predicted" not in c["title"]],
                         ["gemm", "quantize", "AVX2", "SSE4", "gemm: qmath / scalar", "quantize: qmath / scalar",
                          "quantize: qmath / xsimd", "quantize: s8_calls"])
        self.assertGreater(sum("predicted" in c["title"] for c in charts), 0)

    def test_it_needs_nothing_else(self):
        page = bench_report.report(samples.results())
        self.assertIsNone(re.search(r"https?:|<script|<link(?! rel=\"icon\" href=\"data:)|url\(|@import|src=", page))

    def test_names_are_text(self):
        results = samples.results()
        results["context"]["machine"] = "<b>&\"CPU"
        for run in results["benchmarks"]:
            run["name"] = run["name"].replace("scalar", "<script>alert(1)</script>".replace("/", "|"))
            run["run_name"] = run["name"]
        page = bench_report.report(results)
        self.assertNotIn("<script", page)
        self.assertIn("&lt;b&gt;&amp;&quot;CPU", page)

    def test_little_is_enough(self):
        for name in ("quantize/s8/AVX2/4096", "quantize/s8_calls/AVX2/1", "gemm/u8s8/scalar/2x2x2"):
            page = bench_report.report({"context": {}, "benchmarks": samples.runs(name, 1e9)})
            self.assertIn(name.rsplit("/", 2)[0], page)
        with self.assertRaisesRegex(bench_report.BadInput, "no benchmarks"):
            bench_report.report({"context": {}, "benchmarks": samples.runs("something", 1e9)})
        self.assertEqual(bench_report.prediction_section("no such file"), "")
        self.assertEqual(bench_report.count_section("no such file"), "")

    def test_counted_instructions_are_those_of_the_docs(self):
        with open(bench_report.COUNTS, encoding="utf-8") as file:
            head, _, *rows = [line.strip("| \n").split(" | ") for line in file if line.startswith("|")]
        wanted = {(f"{operation}: instructions (predicted)", f"prediction/{operation}/{row[0]}/{row[1]}"): float(row[i])
                  for row in rows for i, operation in enumerate(head) if i > 1}
        self.assertGreater(len(wanted), 100)
        charts = drawn(bench_report.report(samples.results()))
        found = {(chart["title"], mark["name"]): mark["value"] for chart in charts for mark in chart["marks"]
                 if "instructions" in chart["title"]}
        self.assertEqual(found, wanted)

    def test_failures_are_folded_up(self):
        results = samples.results()
        names = [f"gemm/u8s8/other/{size}" for size in range(300)]
        results["benchmarks"] += [{"name": n, "run_name": n, "run_type": "iteration", "error_occurred": True,
                                   "error_message": "<no> threads" if n != names[7] else "wrong"} for n in names]
        folded = re.findall("<details><summary>Failed: (.*?)</summary><p>(.*?)</p>", bench_report.report(results))
        self.assertEqual([summary for summary, _ in folded], ["299 with “&lt;no&gt; threads”", "1 with “wrong”"])
        self.assertEqual(folded[0][1].split(", "), names[:7] + names[8:])
        self.assertEqual(folded[1][1], names[7])


# Runs in the page and leaves what the browser made of it in a <pre>.
PROBE = """
<script>
addEventListener("load", () => {
  const box = e => { const r = e.getBoundingClientRect(); return {x: (r.left + r.right) / 2, y: (r.top + r.bottom) / 2,
    x1: r.left, x2: r.right, y1: r.top, y2: r.bottom, width: r.width, height: r.height}; };
  const paint = e => getComputedStyle(e).fill;
  const overflow = width => { document.documentElement.style.width = width + "px";
    return [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll") &&
      e.getBoundingClientRect().right > width + 1).map(e => e.outerHTML.slice(0, 80)); };
  const found = {overflow: {360: overflow(360), 1200: overflow(1200)}};
  document.querySelectorAll("details").forEach(e => e.open = true);
  found.cells = document.querySelectorAll("td").length;
  found.page = getComputedStyle(document.body).backgroundColor;
  found.text = getComputedStyle(document.body).color;
  found.charts = [...document.querySelectorAll("figure")].map(f => ({title: f.querySelector("figcaption").textContent,
    svg: box(f.querySelector("svg")),
    marks: [...f.querySelectorAll(".mark")].map(e => ({...box(e), name: e.dataset.name, value: +e.dataset.value,
      fill: paint(e), opacity: getComputedStyle(e).opacity})),
    texts: [...f.querySelectorAll("text")].map(box),
    ticks: [...f.querySelectorAll("[data-tick]")].map(e => ({...box(e), value: +e.dataset.tick}))}));
  const pre = document.createElement("pre");
  pre.id = "probe";
  pre.textContent = JSON.stringify(found);
  document.body.append(pre);
});
</script>
"""


@unittest.skipIf(CHROMIUM is None, "no Chromium was found")
class InBrowser(Checks, unittest.TestCase):
    def show(self, results, *options, more=""):
        """(what the probe found, lines on the console)"""
        with tempfile.TemporaryDirectory(prefix="qmath report ") as folder:
            path = os.path.join(folder, "report.html")
            with open(path, "w", encoding="utf-8") as file:
                file.write(bench_report.report(results).replace("</body>", more + PROBE + "</body>"))
            run = subprocess.run(
                [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 f"--user-data-dir={folder}/profile", "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND",
                 "--window-size=1280,1000", "--dump-dom", *options, f"file://{path}"],
                capture_output=True, text=True, timeout=120, check=False)
            probe = re.search(r'<pre id="probe">(.*?)</pre>', run.stdout, re.S)
            self.assertIsNotNone(probe, run.stderr)
            return json.loads(html.unescape(probe[1])), [l for l in run.stderr.splitlines() if "CONSOLE" in l]

    def test_the_console_is_quiet_and_would_be_heard(self):
        self.assertEqual(self.show(samples.results())[1], [])
        self.assertEqual(len(self.show(samples.results(), more="<script>nonsense()</script>")[1]), 1)

    def test_charts_are_drawn_and_numbers_are_read_off_them(self):
        results = samples.results()
        for options in ((), ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")):
            found, _ = self.show(results, *options)
            dark = options != ()
            self.assertEqual([sum(map(int, re.findall(r"\d+", found[k])[:3])) < 384 for k in ("page", "text")],
                             [dark, not dark])
            for chart in found["charts"]:
                area = chart["svg"]
                self.assertGreater(min(area["width"], area["height"]), 50, chart["title"])
                self.assertGreater(len(chart["marks"]), 0, chart["title"])
                for mark in chart["marks"]:
                    self.assertGreater(mark["width"], 3)
                    self.assertNotIn(mark["fill"], ("none", "rgb(0, 0, 0)", found["page"]))
                    self.assertEqual(mark["opacity"], "1")
                for thing in chart["marks"] + chart["texts"]:
                    self.assertGreaterEqual(thing["x1"], area["x1"] - 1, (chart["title"], thing))
                    self.assertLessEqual(thing["x2"], area["x2"] + 1, (chart["title"], thing))
            self.check_marks(found["charts"], results, 0.02)
            self.assertGreater(found["cells"], 50)
            self.assertEqual(found["overflow"], {"360": [], "1200": []})


if __name__ == "__main__":
    unittest.main()
