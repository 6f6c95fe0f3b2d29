#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Usage: scripts/check_site.py DIRECTORY

Fails when a page of the documentation, as Doxygen writes it, links to a file or an anchor that is not there.
"""

import os
import re
import sys
import urllib.parse


def main(directory):
    pages = {}
    for name in sorted(os.listdir(directory)):
        if name.endswith(".html"):
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                pages[name] = file.read()
    anchors = {name: set(re.findall(r'(?:id|name)="([^"]+)"', text)) for name, text in pages.items()}
    dead = 0
    for name, text in pages.items():
        for link in sorted(set(re.findall(r'(?:href|src|data)="([^"]+)"', text))):
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            path = urllib.parse.unquote(path) or name
            there = not path.startswith("..") and os.path.exists(os.path.join(directory, path))
            if not there or anchor and anchor not in anchors.get(path, {anchor}):
                print(f"{name}: {link} is not there")
                dead += 1
    if dead or not pages:
        sys.exit(f"{dead} dead links on {len(pages)} pages")


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
