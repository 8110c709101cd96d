"""Takes a picture of each page of the demo's site, for the README and for who draws: `python docs/screenshots.py`."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path(".pactwatch/demo/reports")
FOLDER = Path(__file__).parent / "screenshots"
CONTRACT = "contracts/nyc-flights/v1/warehouse"
WIDE, PHONE = (1280, 900), (360, 740)


def pages(site: Path) -> dict[str, tuple[str, tuple[int, int], str]]:
    """Return each picture's name with its page, the size of the window and the colour scheme."""
    incident, run = (
        max((site / CONTRACT / kind).glob("*.html"), key=lambda path: path.stat().st_size).relative_to(site)
        for kind in ("incidents", "runs")
    )
    check = f"{CONTRACT}/flights.html#flights.dest.foreign-key"
    return {
        "front-page": ("index.html", WIDE, "light"),
        "contract": (f"{CONTRACT}/index.html", WIDE, "light"),
        "contract-phone": (f"{CONTRACT}/index.html", PHONE, "dark"),
        "check": (check, WIDE, "light"),
        "check-dark": (check, WIDE, "dark"),
        "incident": (str(incident), WIDE, "light"),
        "run": (str(run), WIDE, "light"),
    }


def main(site: Path) -> int:
    """Take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (path, (width, height), scheme) in pages(site).items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(f"{site.resolve().as_uri()}/{path}")
            page.screenshot(path=FOLDER / f"{name}.png")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE))
