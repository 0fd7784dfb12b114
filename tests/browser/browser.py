"""Opens pages in a headless Chromium that reaches nothing but the page, and notes what should not have happened.

Knows nothing of what the pages say.
"""

import shutil
from contextlib import contextmanager

from playwright.sync_api import Error

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--no-first-run"]
# Set up before anything of the page runs; a policy does not bind the driver.
WATCH = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));"""

MOST_WAITED = 10_000


def wait(tab, condition):
    """Until the condition, in the page's language, holds. The driver's own waiting evaluates text, which the policy forbids."""
    has_come = tab.evaluate(f"""() => new Promise((done) => {{
      const start = performance.now();
      const look = () => ({condition}) ? done(true)
        : performance.now() - start > {MOST_WAITED} ? done(false) : requestAnimationFrame(look);
      look();
    }})""")
    if not has_come:
        raise Error(f"waited in vain for {condition}")


class Browser:
    """A running Chromium. `noise` is what went wrong on any page opened since it was last taken."""

    def __init__(self, playwright):
        path = shutil.which("chromium")
        if path is None:
            raise SystemExit("chromium is not installed")
        self.chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        self.noise = []

    @contextmanager
    def open(self, page, hash="", width=1280, height=900, script=True, **more):
        """The page in a context of its own."""
        context = self.chromium.new_context(viewport={"width": width, "height": height}, java_script_enabled=script,
                                            locale="sv-SE" if page.language == "sv" else "en-GB",
                                            # Where a scroll has ended can be asked for at once.
                                            reduced_motion="reduce", **more)
        try:
            context.set_offline(True)
            context.set_default_timeout(20_000)
            context.add_init_script(WATCH)
            tab = context.new_page()
            tab.on("console", lambda said: self.noise.append(f"console: {said.type}: {said.text}")
                   if said.type in ("error", "warning") else None)
            tab.on("pageerror", lambda error: self.noise.append(f"script: {error}"))
            tab.on("dialog", lambda dialog: (self.noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
            tab.on("request", lambda request: self.noise.append(f"request: {request.url}")
                   if request.url.split("#")[0] != page.address else None)
            tab.goto(page.address + hash)
            yield tab
            if script:
                self.noise += [f"policy: {violation}" for violation in tab.evaluate("window.violations")]
                if tab.evaluate("'hacked' in window"):
                    self.noise.append("a value of the submission has run as script")
        finally:
            context.close()

    def take_noise(self):
        noise, self.noise = self.noise, []
        return noise

    def close(self):
        self.chromium.close()
