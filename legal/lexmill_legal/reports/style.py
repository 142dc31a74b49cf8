"""How the pages look: on a screen by day and night, and on paper."""

import base64
import functools
import hashlib

STYLE = """
:root{color-scheme:light dark;--paper:#fffefb;--desk:#f3f1ec;--ink:#1d1c1a;--soft:#6b6862;
--line:#dedad1;--link:#1f4e79;--firm:#d8ebdf;--firm-line:#3f8a61;--maybe:#fbf0d2;--maybe-line:#b98a1d;
--bad:#a61e25;--bad-back:#fbe9e7;--warn:#8a5a00;--warn-back:#fdf3dc;--good:#2d6a47;--good-back:#e5f2ea;
--aim:#ffd866;--aim-ink:#1d1c1a}
@media(prefers-color-scheme:dark){:root{--paper:#1d1f22;--desk:#141517;--ink:#e6e3dc;--soft:#9c988f;
--line:#36383c;--link:#8fbce6;--firm:#21402f;--firm-line:#5fae84;--maybe:#43371a;--maybe-line:#d3a63e;
--bad:#ff8f88;--bad-back:#3d2021;--warn:#f0c060;--warn-back:#3a2f18;--good:#7fcba0;--good-back:#1c3427;
--aim:#b98a1d;--aim-ink:#141517}}
*{box-sizing:border-box}
html{scroll-padding-top:35vh}
body{margin:0;background:var(--desk);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI","Helvetica Neue",Arial,"Liberation Sans",sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
header,.wide{padding:0 32px;max-width:1500px;margin:0 auto}
header{padding-top:22px;padding-bottom:16px}
header nav{font-size:13px;margin-bottom:10px}
h1{font:600 27px/1.25 Charter,"Iowan Old Style",Georgia,"Liberation Serif","Noto Serif",serif;
margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:12px;letter-spacing:.07em;text-transform:uppercase;color:var(--soft);font-weight:600;
margin:26px 0 8px}
h3{font-size:13px;font-weight:600;margin:14px 0 2px;color:var(--soft)}
h3 .how{font-weight:400;font-size:12px;margin-left:4px}
p{margin:4px 0}
.meta{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.meta span+span:before{content:"·";margin:0 7px}
.banner{margin:0 auto 12px;padding:10px 16px;border-left:4px solid var(--warn);border-radius:3px;
background:var(--warn-back);max-width:1436px}
.banner.bad{border-color:var(--bad);background:var(--bad-back)}
.banner b{color:var(--warn)}.banner.bad b{color:var(--bad)}
.banner ul{margin:2px 0 0;padding-left:18px}
main{display:grid;grid-template-columns:minmax(0,1fr) 410px;gap:24px;padding:0 32px 48px;
max-width:1500px;margin:0 auto;align-items:start}
article{background:var(--paper);border:1px solid var(--line);border-radius:4px;
padding:40px 44px;box-shadow:0 1px 3px #0000000d}
#text{white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4;max-width:104ch;margin:0 auto;
font:15px/1.6 Charter,"Iowan Old Style",Georgia,"Liberation Serif","Noto Serif",serif}
.empty{color:var(--soft);font-style:italic}
aside{position:sticky;top:0;max-height:100vh;overflow:auto;padding:0 4px 24px;scrollbar-width:thin}
aside>h2:first-child{margin-top:6px}
mark{color:inherit;background:none;border-radius:2px;padding:1px 0;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
mark.firm{background:var(--firm);box-shadow:0 1.5px 0 var(--firm-line)}
mark.maybe{background:var(--maybe);border-bottom:1.5px dashed var(--maybe-line)}
mark.fail{text-decoration:underline;text-decoration-color:var(--bad);text-decoration-thickness:2.5px;
text-underline-offset:5px}
mark.unknown{text-decoration:underline dotted;text-decoration-color:var(--warn);
text-decoration-thickness:2.5px;text-underline-offset:5px}
mark.head{font-weight:600}
mark.ins{border-bottom:1.5px solid var(--link)}mark.note{border-bottom:1.5px dotted var(--link)}
mark:target,i:target+mark{background:var(--aim);color:var(--aim-ink);outline:3px solid var(--aim)}
i:target:before{content:"\\25B8";color:var(--bad)}
.finding,.fact{padding:8px 12px;border-left:4px solid var(--line);background:var(--paper);
margin:0 0 7px;border-radius:3px;overflow-wrap:anywhere}
.finding.fail{border-color:var(--bad)}.finding.unknown{border-color:var(--maybe-line)}
.finding.pass{border-color:var(--firm-line)}
.finding.fail.low,.finding.fail.info{border-color:var(--maybe-line)}
.finding.fail.critical{border-width:4px 1px 1px 8px;border-style:solid}
.fact{border-left-color:var(--firm-line);margin-bottom:5px}
.fact.maybe{border-left:4px dotted var(--maybe-line)}
.value{font-weight:600;unicode-bidi:isolate}
.small{font-size:12.5px;color:var(--soft)}.small span+span:before{content:"·";margin:0 5px}
.tag{display:inline-block;font-size:11px;line-height:17px;padding:0 7px;border-radius:9px;
border:1px solid var(--line);color:var(--soft);white-space:nowrap}
.tag.fail,.tag.failed,.tag.dead{color:var(--bad);background:var(--bad-back);border-color:transparent}
.tag.unknown,.tag.maybe,.tag.warn{color:var(--warn);background:var(--warn-back);border-color:transparent}
.tag.pass,.tag.succeeded,.tag.firm{color:var(--good);background:var(--good-back);border-color:transparent}
.rule{float:right;margin:0 0 2px 8px;font-size:12px;color:var(--soft)}
blockquote{margin:4px 0 0;padding-left:10px;border-left:2px solid var(--line);font-size:13px;
color:var(--soft)}
details{margin:8px 0}summary{cursor:pointer;color:var(--soft);font-size:13px}
details ul{margin:4px 0;padding-left:17px;font-size:13px}
table{border-collapse:collapse;width:100%;background:var(--paper);border:1px solid var(--line);
border-radius:4px;margin-bottom:12px}
th{font-size:12px;text-align:left;color:var(--soft);font-weight:600;position:sticky;top:0;
background:var(--paper);box-shadow:0 1px 0 var(--line)}
th,td{padding:9px 14px;vertical-align:top}
tbody tr+tr td{border-top:1px solid var(--line)}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td{overflow-wrap:anywhere}td .small{display:block}
td.whole{overflow-wrap:normal}td.whole>.small{white-space:nowrap}
tr.child td:first-child{padding-left:34px}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:14px 0 6px}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:4px;padding:10px 18px;
min-width:112px}
.tile b{display:block;font:600 25px/1.2 Charter,Georgia,"Liberation Serif",serif;
font-variant-numeric:tabular-nums}
.tile.bad b{color:var(--bad)}.tile.warn b{color:var(--warn)}
footer{padding:10px 32px 30px;color:var(--soft);font-size:12px;max-width:1500px;margin:0 auto}
@media(max-width:1000px){main{grid-template-columns:minmax(0,1fr)}
aside{position:static;max-height:none;order:-1}article{padding:28px 24px}header,.wide,main{
padding-left:16px;padding-right:16px}}
@media print{:root{color-scheme:light;--desk:#fff;--paper:#fff;--ink:#000;--soft:#444;--link:#000}
body{font-size:10pt}header nav,footer{display:none}main{display:block;padding:0}
aside{position:static;max-height:none;overflow:visible}article{border:0;box-shadow:none;padding:0}#text{font-size:10.5pt;
max-width:none}.finding,.fact,tr{break-inside:avoid}th{position:static}details:not([open]){display:none}}
"""


@functools.cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def head(title: str) -> str:
    """The head of a page; ``title`` is HTML already.

    The policy lets nothing in but this one style sheet: whatever a document says, a page can fetch
    nothing and run nothing.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
