# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
#
# What Doxygen reads of a header. In a comment, an equation and the shapes to its right, three spaces away, are two
# lines and no sentence:
#     /// q[i] = round(x[i] / scale)              x, q: [n]
s,^( *///) ([^ |][^ ]*( [^ ]+)? = .*[^ .]) {3\,}([^ ].*)$,\1 `\2`<br>\4<br>,
t
s,^( *///) ([^ |].*[^ ]) {3\,}([^ ].*)$,\1 \2<br>\3<br>,
