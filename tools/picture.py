#!/usr/bin/env python3
"""Draws docs/images/report.png, the README's picture: parts of the report that `make demo` has written to target/demo.

Needs Chromium, and nothing else; CHROMIUM names it where it is called otherwise. Look at the picture before you commit it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORT = ROOT / "target/demo/report.html"
PICTURE = ROOT / "docs/images/report.png"
WIDTH, HEIGHT = 1000, 1016

STYLE = """<style>
body { max-width: none; padding: 1.5rem 2rem; }
h1 br, nav, footer, .hint { display: none; }
h1 { font-size: 1.75rem; }
.brand, .subtitle { margin: 0.25rem 0; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 2.5rem; }
section { margin-top: 1.25rem; padding-top: 1rem; }
section:first-child { grid-column: 1 / 3; }
section:first-child > p { max-width: none; margin-top: 0.25rem; }
h2 { font-size: 1.25rem; }
.scroll { margin-top: 0.5rem; }
.scroll > table { width: 100%; }
th, td { padding-top: 0.375rem; padding-bottom: 0.375rem; }
section > p { margin-top: 0.375rem; font-size: 0.9375rem; line-height: 1.45; }
section { display: flex; flex-direction: column; }
figure { margin-top: auto; padding-top: 0.75rem; }
h3 { font-size: 0.9375rem; text-wrap: initial; }
.plot { height: 215px; }
</style>"""

# By their headings: each section that is kept with what its paragraphs and figures begin with.
SCRIPT = """<script>
const kept = {
  "What came of everything": ["served"],
  "Bad canary: prod/checkout": ["10:08 canary-gate", "Evidence that the canary is worse"],
  "prod/shop": ["a web shop", "prod/shop: work"],
};
let found = 0;
for (const section of document.querySelectorAll("main > section")) {
  const parts = kept[section.querySelector("h2").textContent];
  if (!parts) { section.remove(); continue; }
  for (const part of section.querySelectorAll(":scope > p, figure")) {
    const begins = (part.querySelector("h3") ?? part).textContent;
    if (parts.some((kept) => begins.startsWith(kept))) found += 1; else part.remove();
  }
  for (const part of section.querySelectorAll("pre, details")) part.remove();
}
if (found !== Object.values(kept).flat().length) document.body.textContent = "parts of the picture are missing";
</script>"""


def main() -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("tools/picture.py: there is no Chromium; CHROMIUM may name one")
    if not REPORT.exists():
        sys.exit("tools/picture.py: there is no target/demo/report.html; make demo writes it")
    report = REPORT.read_text()
    for end, part in [("</head>", STYLE), ("</body>", SCRIPT)]:
        before, after = report.rsplit(end, 1)
        report = before + part + end + after
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder, "page.html")
        page.write_text(report)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        options = ["--headless", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1.35"]
        # As root, as in a container, Chromium has no sandbox. The page is our own.
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [chromium, *options, f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={PICTURE}", page.as_uri()]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size // 1024} KiB")


main()
