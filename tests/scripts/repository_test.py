# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the repository: links of pages, licences of files, and that continuous integration has what .ci/run has."""

import fnmatch
import os
import re
import subprocess
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def files():
    """What belongs to the repository; of an archive of it, everything but build trees."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
           "--exclude-standard"]
    try:
        listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
        return [path for path in listed if path and os.path.exists(os.path.join(ROOT, path))]
    except (OSError, subprocess.CalledProcessError):
        found = (os.path.relpath(os.path.join(directory, name), ROOT)
                 for directory, _, names in os.walk(ROOT) for name in names)
        return [path for path in found if not re.search(r"(^|/)(build|__pycache__|\.git|\.cache)/", path)]


FILES = files()
TAG = "SPDX-License-" + "Identifier"  # in one piece, `reuse` would take what follows for a licence
PAGES = [path for path in FILES if path.endswith(".md")]


def without_code(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text):
    """Of the headings, as forges make them."""
    seen = {}
    for heading in re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        yield name if count == 0 else f"{name}-{count}"


class Links(unittest.TestCase):
    def test_what_pages_link_to_is_there(self):
        checked = 0
        for page in PAGES:
            for target in re.findall(r"\]\(<?([^)>\s]+)", without_code(read(page))):
                if re.match(r"[a-z]+:", target):
                    continue
                checked += 1
                path, _, anchor = target.partition("#")
                path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
                with self.subTest(page=page, target=target):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, path)))
                    self.assertFalse(path.startswith(".."), "outside the repository")
                    if anchor:
                        self.assertIn(anchor, list(anchors(read(path))))
        self.assertGreater(checked, 50)

    def test_every_page_is_reached_from_the_readme(self):
        reached, queue = set(), ["README.md"]
        while queue:
            page = queue.pop()
            if page in reached or page not in PAGES:
                continue
            reached.add(page)
            for target in re.findall(r"\]\(<?([^)>\s#]+)", without_code(read(page))):
                queue.append(os.path.normpath(os.path.join(os.path.dirname(page), target)))
        self.assertEqual(sorted(page for page in PAGES if page.startswith("docs/") and page not in reached), [])

    def test_every_page_has_its_place_in_the_order_of_the_site(self):
        listed = re.findall(r"\b(docs/\w+\.md)\b", read("cmake/QmathDocs.cmake"))
        self.assertEqual(sorted(listed), sorted(page for page in PAGES if page.startswith("docs/")))


class Prose(unittest.TestCase):
    def test_no_line_of_a_paragraph_begins_as_a_list_does(self):
        # "between 2 and\n20. All results" is an item of a list for some that read Markdown.
        for page in PAGES:
            before = ""
            for line in re.sub(r"^```.*?^```", "", read(page), flags=re.M | re.S).splitlines():
                item = re.match(r"(\d+\.|[-+*#>]) ", line)
                if item and before and not re.match(r"\d+\. |[-+*|>] |#|  ", before):
                    self.fail(f"{page}: {line}")
                before = line


class Licences(unittest.TestCase):
    def test_every_file_has_one(self):
        table = read("REUSE.toml")
        patterns = re.findall(r'^ *(?:path = )?"([^"]+)",?$', table, re.M)
        self.assertIn("**.md", patterns)
        named = set(re.findall(TAG + r' = "([^"]+)"', table))
        for path in FILES:
            # ** and, here, * too, take any number of directories.
            if any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                continue
            if path == "LICENSE" or path == "REUSE.toml" or path.startswith("LICENSES/"):
                continue
            with self.subTest(path=path):
                head = "".join(read(path).splitlines(keepends=True)[:8])
                self.assertRegex(head, r"Copyright \(c\) qmath contributors\.")
                licence = re.search(TAG + r": ([\w.-]+)", head)
                self.assertIsNotNone(licence)
                named.add(licence[1])
        self.assertEqual(sorted(f"LICENSES/{name}.txt" for name in named),
                         sorted(path for path in FILES if path.startswith("LICENSES/")))

    def test_the_licence_is_there_twice_and_the_same(self):
        self.assertEqual(read("LICENSE"), read("LICENSES/Apache-2.0.txt"))


class ContinuousIntegration(unittest.TestCase):
    def test_it_has_what_ci_run_has(self):
        local = read(".ci/run") + read("scripts/test")
        public = read(".github/workflows/ci.yml")
        presets = set(re.findall(r"build_and_test ([a-z][\w-]*)", local))
        presets |= set(re.findall(r"--preset ([a-z][\w-]*)", local))
        scripts = set(re.findall(r"scripts/(?:format --check|tidy|demo)", local))
        self.assertGreater(len(presets), 7)
        self.assertGreater(len(scripts), 1)
        for preset in presets:
            with self.subTest(preset=preset):
                self.assertRegex(public, rf"(?m)^ +- {preset}( #.*)?$|--preset {preset}\b")
        for script in scripts:
            with self.subTest(script=script):
                self.assertIn(f"run: {script}", public)

    def test_its_presets_exist(self):
        presets = re.findall(r'"name": "([\w-]+)"', read("CMakePresets.json"))
        public = read(".github/workflows/ci.yml")
        matrix = re.search(r"preset:\n((?: +- .*\n)+)", public)[1]
        for preset in re.findall(r"- ([\w-]+)", matrix) + re.findall(r"--preset ([a-z][\w-]*)", public):
            with self.subTest(preset=preset):
                self.assertIn(preset, presets)


if __name__ == "__main__":
    unittest.main()
