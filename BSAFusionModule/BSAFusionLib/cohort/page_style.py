"""How cohort.html looks."""

STYLE = """
:root { --line: #d9dee5; --soft: #5d6b7c; --ink: #16202c; --good: #1a7f4b; --check: #a86400; --bad: #b3261e }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1180px; padding: 24px;
  color: var(--ink); background: #fff }
h1 { font-size: 24px; margin: 0 }
h2 { font-size: 17px; margin: 28px 0 8px }
p { margin: 6px 0 }
.soft, dt { color: var(--soft) }
.tiles { display: flex; gap: 12px; flex-wrap: wrap; margin: 16px 0 }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: 8px 16px; min-width: 104px }
.tile b { display: block; font-size: 24px; line-height: 1.2 }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 12px }
.charts svg { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px;
  font: 11px system-ui, sans-serif; fill: var(--soft) }
svg .title { font-weight: 600; font-size: 12px; fill: var(--ink) }
svg .bar { fill: #9db4cc }
svg .median { stroke: var(--ink) }
svg .outlier { fill: var(--bad) }
article { display: grid; grid-template-columns: minmax(240px, 400px) 1fr; gap: 16px; padding: 14px 0;
  border-top: 1px solid var(--line) }
article.bare { display: block }
article:target { background: #fff8e1 }
article img { width: 100%; display: block; border-radius: 4px; background: #000 }
article h3 { font-size: 16px; margin: 0 0 4px }
.badge { display: inline-block; border-radius: 10px; padding: 1px 9px; margin-right: 8px; font-size: 12px;
  font-weight: 600; color: #fff }
.good { background: var(--good) }
.check { background: var(--check) }
.do-not-use, .failed { background: var(--bad) }
.done, .not-run { background: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: 4px 14px;
  margin: 8px 0 0 }
dt { font-size: 12px }
dd { margin: 0; font-variant-numeric: tabular-nums }
dd.odd { color: var(--bad); font-weight: 700 }
@media (max-width: 720px) { article { grid-template-columns: 1fr } }
@media print { article { break-inside: avoid } }
"""
