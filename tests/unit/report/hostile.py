"""Texts that try to be more than text: in names, URLs, headers and bodies they come from services nobody here controls."""

from __future__ import annotations

from typing import Final

#: what a test name cannot hold, being one argument of pytest, is left out there: NUL
HTML: Final = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "</SCRIPT ><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    '"><script>window.pwned=1</script>',
    "'><script>window.pwned=1</script>",
    '" autofocus onfocus="window.pwned=1',
    "' onmouseover='window.pwned=1",
    "` onerror=`window.pwned=1",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<a href='javascript:window.pwned=1'>x</a>",
    "<details open ontoggle=window.pwned=1>",
    "<style>@import 'http://127.0.0.1:9/x'</style>",
    "<style>*{display:none}</style>",
    "<base href='http://127.0.0.1:9/'>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<link rel=stylesheet href='http://127.0.0.1:9/x'>",
    "<form action=http://127.0.0.1:9/><button>x</button></form>",
    "<object data='data:text/html,<script>1</script>'></object>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1>",
    "<!--", "-->", "<![CDATA[", "]]>", "<!doctype html>", "<?xml version='1.0'?>", "<plaintext>", "<textarea>", "</textarea>", "<title>", "</title>", "</style>", "</body>", "</template>",
    "&lt;script&gt;", "&#60;script&#62;", "&amp;", "&", "<", ">", '"', "'",
    "javascript:window.pwned=1", "JaVaScRiPt:window.pwned=1", "java\tscript:window.pwned=1", "data:text/html,<script>1</script>", "vbscript:x",
    "\\u003cscript\\u003e", "\\x3cscript\\x3e", "${window.pwned=1}", "{{ 7*7 }}", "{% raw %}", "#{7*7}", "<%= 7*7 %>",
    "%3Cscript%3E", "+ADw-script+AD4-",
)  # fmt: skip
TERMINAL: Final = (
    "\x1b[31mred", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://127.0.0.1:9\x1b\\link\x1b]8;;\x1b\\", "\x1bP1$r\x1b\\", "\x9b31m",
    "a\rb", "a\nb", "a\x08\x08b", "\x07", "\x7f", "a\u202eb", "a\u2066b\u2069", "a\u200bb", "\ufeffa", "a\u2028b", "\u0085", "\udce9",
)  # fmt: skip
MARKDOWN: Final = (
    "::error::x", "::set-output name=a::b", "::add-mask::x", "::stop-commands::x", "::endgroup::", "a\n::error::x", "a%0A::error::x", "##[error]x", "##vso[task.complete result=Failed]",
    "| a | b |", "a|b", "\\|", "`code`", "``", "```\n", "[link](javascript:alert(1))", "![img](http://127.0.0.1:9/x)", "<details>", "# heading", "* item", "@everyone", "~~x~~", "$x$", "\\",
)  # fmt: skip
CELLS: Final = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://127.0.0.1:9")', "=cmd|' /C calc'!A0", "\t=1")

PAYLOADS: Final = HTML + TERMINAL + MARKDOWN + CELLS
