# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# What Doxygen reads of a page. Files of the repository that are no pages lie beside it on the site
# (DOXYGEN_HTML_EXTRA_FILES), in one directory; directories do not.
s,\]\((\.\./)?ports/qmath\),](portfile.cmake),g
s,\]\((\.\./)?(examples|tests|scripts|benchmarks)/([^)]*/)?([^/)]+)\),](\4),g
s,\[([^]]*)\]\((\.\./)?(examples|tests|scripts|benchmarks|include)(/[a-z_/]*)?\),\1,g
