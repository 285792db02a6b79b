"""How the page looks. Every rule of the sheet is bound to one class, so that it can stand in a
notebook beside other people's styles; the page's own rules are apart.

Text has a contrast of at least 4.5 to 1 against its ground in both themes, lines at least 3 to 1.
"""

from __future__ import annotations

import re

SHEET_CLASS = "shadow-sheet"

PAGE_STYLE = """
html{-webkit-text-size-adjust:100%}
body{margin:0;background:#fbfaf8}
@media (prefers-color-scheme:dark){body{background:#14171b}}
@media print{@page{margin:14mm}body{background:#fff}}
"""

_LIGHT = (
    "--ground:#fbfaf8;--ink:#1a1e23;--soft:#59616b;--rule:#d9d6d0;--grid:#e9e6e1;--zero:#8d8a85;"
    "--buy:#1c5fae;--sell:#b9402a;--gain:#17734a;--loss:#b23a2a;--frost:#eddfc4;--freeze:#8a5200;"
    "--good:#e2f0e6;--bad:#f8e7d3;--mid:#3c444d;--touch:#a9a49b;--quote:#dcd8d0;"
    "--s1:#1c5fae;--s2:#a8481d;--s3:#17734a;--s4:#7b3f98;--s5:#8a6200;--s6:#0d6f7d;--s7:#a8326b;"
    "--s8:#59616b;--filled:#2f6fb5;--partial:#7fb0dc;--open:#c9b27a;--pending:#9a8fb8;"
    "--canceled:#b8b5af;--rejected:#c2604a;"
    "--t-filled:#1c5fae;--t-partial:#3a709f;--t-open:#7d6420;--t-pending:#6a5f8a;"
    "--t-canceled:#66625b;--t-rejected:#a8402a;"
)
_DARK = (
    "--ground:#14171b;--ink:#e6e8eb;--soft:#9ca6b1;--rule:#353b43;--grid:#262b31;--zero:#6b737d;"
    "--buy:#6fb1ff;--sell:#ff8d73;--gain:#5bcb94;--loss:#ff8a78;--frost:#3a3020;--freeze:#e8b765;"
    "--good:#1a3226;--bad:#3b2d18;--mid:#d3d8de;--touch:#5d6670;--quote:#2b323a;"
    "--s1:#6fb1ff;--s2:#ff9a6b;--s3:#5bcb94;--s4:#c99be6;--s5:#e0bb55;--s6:#56c5d3;--s7:#f08ab8;"
    "--s8:#9ca6b1;--filled:#4a8fd8;--partial:#2d5f92;--open:#8f7a3e;--pending:#6f6591;"
    "--canceled:#555c65;--rejected:#b9573f;"
    "--t-filled:#7db8ff;--t-partial:#84b4e0;--t-open:#d9c17c;--t-pending:#b3a8d8;"
    "--t-canceled:#a9b0b8;--t-rejected:#ff9b85;"
)

_BASE = """
@{--text:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
color:var(--ink);background:var(--ground);font:400 15px/1.5 var(--text);
font-variant-numeric:tabular-nums;max-width:1200px;margin:0 auto;padding:28px 24px 40px;
box-sizing:border-box;text-align:left;overflow-wrap:anywhere}
@ *{box-sizing:border-box}
@ h1,@ h2,@ h3,@ h4{font-family:inherit;color:var(--ink);line-height:1.25;margin:0;
font-weight:600;letter-spacing:-.01em;padding:0;border:0;break-after:avoid}
@ p{margin:0}
@ header{border-top:3px solid var(--ink);padding-top:14px;margin:0 0 18px}
@ header>:first-child{font-size:26px}
@ header p,@ .note,@ figcaption p{color:var(--soft)}
@ header p{margin:4px 0 0}
@ .note,@ figcaption p{font-size:13px}
@ .empty{margin:24px 0;padding:14px 16px;border:1px solid var(--rule)}
@ .verdict{display:flex;flex-wrap:wrap;gap:4px 24px;justify-content:space-between;
padding:10px 14px;border-left:4px solid var(--gain);background:var(--good)}
@ .verdict.bad{border-color:var(--freeze);background:var(--bad)}
@ .tiles{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));margin:18px 0 6px;
gap:14px 18px}
@ .tiles dt,@ .tiles dd{float:none;display:block;width:auto;margin:0;padding:0}
@ .tiles dt{font-size:12.5px;font-weight:400;color:var(--soft)}
@ .tiles dd{font-size:21px;font-weight:600;line-height:1.25;letter-spacing:-.01em}
@ .tiles .gain{color:var(--gain)}
@ .tiles .loss{color:var(--loss)}
@ section>:first-child{font-size:18px;margin:30px 0 12px;padding-top:10px;
border-top:1px solid var(--rule)}
@ section section>:first-child{font-size:15px;margin:18px 0 6px;padding:0;border:0}
@ .charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:28px 36px}
@ .charts .wide{grid-column:1/-1}
@ figure{margin:0;min-width:0;container-type:inline-size;break-inside:avoid}
@ figcaption{margin:0 0 6px;text-align:left}
@ figcaption>:first-child{font-size:15px}
@ .plot{line-height:0}
@ .plot+.plot{margin-top:2px}
@ svg{overflow:visible}
@ .plot>svg{display:block;max-width:none}
@ svg text{font:400 11.5px/1 var(--text);fill:var(--soft)}
@ svg text.end{font-weight:600}
@ svg line{stroke:var(--grid);stroke-width:1;shape-rendering:crispEdges}
@ svg line.base{stroke:var(--rule)}
@ svg line.zero{stroke:var(--zero)}
@ svg line.threshold{stroke:var(--freeze);stroke-dasharray:5 4}
@ svg line.freeze{stroke:var(--freeze)}
@ svg rect.frozen{fill:var(--frost);opacity:.55}
@ svg text.freeze{fill:var(--freeze);font-weight:600;paint-order:stroke;stroke:var(--ground);
stroke-width:3px;stroke-linejoin:round}
@ svg path{vector-effect:non-scaling-stroke}
@ svg .line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
@ svg .area{stroke:none}
@ svg .line.touch{stroke:var(--touch);stroke-width:1}
@ svg .area.quote{fill:var(--quote);opacity:.7}
@ svg .line.mid{stroke:var(--mid);stroke-width:1.25}
@ svg .line.position{stroke:var(--s1);stroke-width:1.5}
@ svg .area.position{fill:var(--s1);opacity:.16}
@ svg .line.gain{stroke:var(--gain)}
@ svg .line.loss{stroke:var(--loss)}
@ svg .area.gain{fill:var(--gain);opacity:.12}
@ svg .area.loss{fill:var(--loss);opacity:.12}
@ svg path.gain:not(.line):not(.area),@ svg text.gain{fill:var(--gain)}
@ svg path.loss:not(.line):not(.area),@ svg text.loss{fill:var(--loss)}
@ svg path.buy{fill:var(--buy)}
@ svg path.sell{fill:var(--sell)}
@ svg path.buy,@ svg path.sell{stroke:var(--ground);stroke-width:.75}
@ svg text.c-mid{fill:var(--mid)}
@ svg text.c-position{fill:var(--s1)}
@ svg text.c-threshold{fill:var(--freeze)}
@ svg rect.c-refused{fill:var(--freeze)}
@ svg rect.s-rejected{fill:var(--rejected)}
@ .key{white-space:nowrap;margin-left:8px}
@ .key svg{vertical-align:-1px}
@ table{border-collapse:collapse;border:0;width:100%;margin:0;font-size:13.5px;
table-layout:auto;color:var(--ink);background:none}
@ table tr,@ table tbody tr:nth-child(n),@ table tbody tr:nth-child(n):hover{background:none}
@ table th,@ table td{padding:4px 10px;border:0;border-bottom:1px solid var(--grid);
text-align:right;vertical-align:baseline;font-weight:400;line-height:1.4;max-width:none;
color:var(--ink);background:none}
@ table th:first-child,@ table td:first-child{padding-left:0;text-align:left}
@ table th:last-child,@ table td:last-child{padding-right:0}
@ table thead th{color:var(--soft);font-size:12.5px;border-color:var(--rule);
vertical-align:bottom}
@ .scroll{overflow-x:auto}
@ .scroll th,@ .scroll td{white-space:nowrap}
@ .pairs th{color:var(--soft);width:42%}
@ .pairs td{overflow-wrap:anywhere}
@ .columns{columns:3 260px;column-gap:36px}
@ .columns{margin-top:26px}
@ .columns section{break-inside:avoid-column;padding-bottom:22px}
@ .columns section>:first-child{margin-top:0}
@ .hashes th:first-child{width:150px}
@ .hashes td:last-child{text-align:left}
@ .reasons{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:12px 36px}
@ table.bars th{width:34%}
@ table.bars td{width:1%;white-space:nowrap}
@ table.bars td.bar{width:auto}
@ .bar svg{display:block;max-width:none}
@ details{margin:6px 0 0;font-size:13px}
@ summary{color:var(--soft);cursor:pointer}
@ .json{margin-top:30px;padding-top:10px;border-top:1px solid var(--rule)}
@ pre{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--ink);
background:none;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0 0;padding:0;border:0}
@media (max-width:760px){
@{padding:18px 14px 28px}
@ header>:first-child{font-size:21px}
@ .charts,@ .reasons{grid-template-columns:minmax(0,1fr)}
@ .tiles{grid-template-columns:repeat(2,minmax(0,1fr))}
}
@container (max-width:560px){@ .odd{display:none}}
@media print{
@{max-width:none;padding:0;background:#fff}
@ details{display:none}
@ .scroll{overflow:visible}
@ .charts{display:block}
@ figure{margin-bottom:18px}
@ *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""

_SERIES = "".join(
    f"@ svg .line.c{n}{{stroke:var(--s{n})}}"
    f"@ svg path.c{n}:not(.line),@ svg text.c{n}{{fill:var(--s{n})}}\n"
    for n in range(1, 9)
)
_STATES = "".join(
    f"@ svg .area.s-{state}{{fill:var(--{state})}}@ svg text.s-{state}{{fill:var(--t-{state})}}\n"
    for state in ("pending", "open", "partial", "filled", "canceled", "rejected")
)
# The system's choice, then the notebook's own, which may differ from it.
_THEMES = (
    f"@{{{_LIGHT}}}\n@media (prefers-color-scheme:dark){{@{{{_DARK}}}}}\n"
    f'[data-jp-theme-light="true"] @,.vscode-light @,html[theme="light"] @{{{_LIGHT}}}\n'
    f'[data-jp-theme-light="false"] @,.vscode-dark @,html[theme="dark"] @{{{_DARK}}}\n'
    f"@media print{{@,[data-jp-theme-light] @{{{_LIGHT}}}}}\n"
)


def _bound(rules: str) -> str:
    """Replace the mark of the sheet by its class; an at-rule's mark is followed by its name."""
    return re.sub(r"@(?!media|container)", f".{SHEET_CLASS}", rules)


SHEET_STYLE = "\n" + _bound(_THEMES + _BASE + _SERIES + _STATES)
