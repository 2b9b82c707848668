# SPDX-License-Identifier: BSD-3-Clause
"""The pages of `asv publish` in a real browser that can reach nobody: Chromium, from Debian's packages.

The pictures that it takes are left in .asv/screenshots.
"""

import functools
import http.server
import json
import shutil
import threading
import warnings
from pathlib import Path

import generated_results as made
import pytest
from ccompiler import require

ROOT = Path(__file__).parent.parent
SCREENSHOTS = ROOT / ".asv/screenshots"
VIEWS = ("overview", "explore", "compare", "inventory", "regressions", "heatmap", "grid", "multiples")
FIRST_PAGE_BYTES = 1_000_000
COMMITS = 4


class Browser:
    """Chromium, and what it has asked for and complained about since the page was opened."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, address):
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address)

    def ask(self, script, *arguments):
        return self.driver.execute_script(f"return {script}", *arguments)

    def wait(self, script):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20).until(lambda _: self.ask(script), script)

    def requests(self):
        """Addresses asked for since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent]

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def look_like(self, scheme="light", width=1280, height=900):
        media = {"media": "screen", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def press(self, key):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        ActionChains(self.driver).send_keys(getattr(Keys, key)).perform()

    def picture(self, name):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))


@pytest.fixture(scope="module")
def chromium():
    from selenium import webdriver

    require("chromium")
    require("chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield Browser(driver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        driver.quit()


@pytest.fixture
def browser(chromium):
    chromium.look_like()
    return chromium


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    made.make_suite(folder, COMMITS, machines=2)
    return made.publish(folder)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    made.make_history(folder, rise_at=15)
    return made.publish(folder)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def served(suite):
    handler = functools.partial(_Quiet, directory=str(suite))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def cells(browser):
    return browser.ask("document.querySelectorAll('td[data-cell]').length")


def choose(browser, name, value):
    script = "((name, value) => { const field = document.forms[0].elements[name]; field.value = value;"
    script += "field.dispatchEvent(new Event('input', { bubbles: true })); return field.value })(...arguments)"
    assert browser.ask(script, name, value) == value


def test_the_first_page_from_the_disk(browser, suite):
    browser.open((suite / "index.html").as_uri())
    assert browser.ask("document.getElementById('answer').textContent") == "No"
    assert "0 copies" in browser.ask("document.getElementById('verdict').textContent")
    assert cells(browser) > 1_000
    assert browser.requests() == [(suite / "index.html").as_uri()]
    assert browser.errors() == []


def test_the_first_page_is_small(suite):
    """With the whole suite, on two machines: what is not of the first is fetched when it is asked for."""
    assert (suite / "index.html").stat().st_size < FIRST_PAGE_BYTES


def test_the_verdict_turns_red(browser, planted):
    browser.open((planted / "index.html").as_uri())
    assert browser.ask("document.getElementById('answer').textContent") == "Yes, it copies"
    colour = browser.ask("getComputedStyle(document.getElementById('answer')).color")
    assert colour == "rgb(179, 38, 30)"
    assert "bad" in browser.ask("document.getElementById('worse').className")
    browser.picture("planted")
    browser.look_like("dark")
    assert browser.ask("getComputedStyle(document.getElementById('answer')).color") == "rgb(255, 138, 128)"


def test_the_filter(browser, suite):
    browser.open((suite / "index.html").as_uri())
    every = cells(browser)
    choose(browser, "op", "sum")
    assert browser.ask("[...document.querySelectorAll('caption')].map((each) => each.textContent)") == ["sum"]
    one_op = cells(browser)
    choose(browser, "size", "512")
    assert one_op == 4 * cells(browser)
    choose(browser, "pattern", "transposed")
    assert cells(browser) == 1
    address = browser.ask("location.hash")
    assert {"op=sum", "size=512", "pattern=transposed"} <= set(address.removeprefix("#").split("&"))
    browser.ask("document.getElementById('reset').click()")
    assert cells(browser) == every
    choose(browser, "q", "short_rows max")
    captions = browser.ask("[...document.querySelectorAll('caption')].map((each) => each.textContent)")
    assert captions == [name for name in captions if "max" in name]
    assert cells(browser) == 4 * len(captions)
    choose(browser, "q", "no such thing")
    assert "Reset shows everything" in browser.ask("document.getElementById('panels').textContent")
    browser.open(f"{(suite / 'index.html').as_uri()}{address}")
    assert cells(browser) == 1
    assert browser.errors() == []


def test_another_machine_is_fetched(browser, suite):
    browser.open((suite / "index.html").as_uri())
    choose(browser, "machine", "made-up-1")
    browser.wait("document.forms[0].elements.machine.value === 'made-up-1' && document.querySelector('td[data-cell]')")
    assert browser.requests()[1:] == [(suite / "data/1.js").as_uri()]
    assert browser.errors() == []


def test_a_machine_is_chosen_by_what_it_is(browser, suite):
    browser.open((suite / "index.html").as_uri())
    choose(browser, "machine", "made-up-1")
    browser.wait("document.querySelector('td[data-cell]')")
    choose(browser, "CPU", "none")
    assert browser.ask("document.forms[0].elements.machine.value") == "made-up-0"
    choose(browser, "machine", "made-up-1")
    assert browser.ask("document.forms[0].elements.CPU.value") == ""
    assert browser.errors() == []


def test_bytes_of_both_paths(browser, suite):
    browser.open((suite / "index.html").as_uri())
    choose(browser, "show", "strided")
    texts = browser.ask("[...new Set([...document.querySelectorAll('td[data-cell]')].map((td) => td.textContent))]")
    assert texts == ["0 B"]
    choose(browser, "show", "contiguous")
    assert "2 MiB" in browser.ask("[...document.querySelectorAll('td[data-cell]')].map((td) => td.textContent)")


def test_when_copying_pays(browser, suite):
    browser.open((suite / "index.html").as_uri())
    choose(browser, "show", "passes")
    texts = browser.ask("[...new Set([...document.querySelectorAll('td[data-cell]')].map((td) => td.textContent))]")
    assert texts == [str(made.BREAK_EVEN)]
    assert browser.ask("document.querySelectorAll('#advice circle').length") == 3
    assert "right in 2 of 3 cells" in browser.ask("document.getElementById('advice').textContent")
    browser.picture("atlas")
    browser.ask("document.querySelector('td[data-cell]').click()")
    browser.wait("document.querySelector('#plot h3')")
    assert browser.ask("document.querySelector('#plot h3').textContent") == "Copying first pays from 10 passes on."
    browser.picture("atlas-case")
    assert browser.errors() == []


def test_a_case_has_its_history(browser, suite):
    """By the keyboard: to a cell, along the arrows, its details, and back."""
    browser.open((suite / "index.html").as_uri())
    browser.ask("document.querySelector('table[data-call=sum] td[data-cell]').focus()")
    browser.press("ARROW_DOWN")
    browser.press("ARROW_RIGHT")
    browser.press("ENTER")
    browser.wait("document.querySelectorAll('#plot circle').length")
    assert browser.ask("document.querySelector('#details h2').textContent") == "sum of cut, size 64, float64"
    assert browser.ask("document.querySelectorAll('#plot circle').length") == 2 * COMMITS
    assert browser.ask("document.querySelectorAll('#plot .band').length") == 2
    facts = browser.ask("document.querySelector('#details dl').textContent")
    assert all(text in facts for text in ("allocates 0 B", "L2 2 MiB", "reads at 14 GB/s", "numpy 2.4.6"))
    browser.picture("history")
    browser.press("ESCAPE")
    assert browser.ask("document.getElementById('details').hidden")
    assert browser.ask("document.activeElement.dataset.call") == "sum"
    assert browser.errors() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(browser, suite, scheme):
    browser.look_like(scheme)
    browser.open((suite / "index.html").as_uri())
    browser.picture(f"first-{scheme}")
    browser.ask("document.getElementById('maps').scrollIntoView()")
    browser.picture(f"heat-map-{scheme}")
    browser.ask("document.getElementById('changes').scrollIntoView()")
    browser.picture(f"changes-{scheme}")


def test_a_phone_scrolls_one_way_only(browser, suite):
    browser.look_like(width=390, height=844)
    browser.open((suite / "index.html").as_uri())
    assert browser.ask("document.documentElement.scrollWidth") <= 390
    browser.picture("first-phone")
    browser.ask("document.querySelector('td[data-cell]').click()")
    browser.wait("document.querySelectorAll('#plot circle').length")
    browser.picture("history-phone")
    assert browser.ask("document.documentElement.scrollWidth") <= 390


def test_every_link_of_the_first_page_leads_somewhere(browser, suite, served):
    browser.open(f"{served}/index.html")
    browser.ask("document.querySelector('td[data-cell]').click()")
    browser.wait("document.querySelectorAll('#plot circle').length")
    links = set(browser.ask("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"))
    assert {link.split("#")[0] for link in links} == {"", "asv.html"}
    for link in links:
        if link.startswith("#"):
            assert browser.ask("!!document.getElementById(arguments[0])", link[1:])
    assert browser.errors() == []


@pytest.mark.parametrize("machine", ["made-up-0", "made-up-1"])
def test_links_to_asvs_pages_show_graphs(browser, served, machine):
    """Also of machines that differ in more than their names."""
    browser.open(f"{served}/index.html#machine={machine}")
    browser.wait("document.querySelector('td[data-cell]')")
    browser.ask("document.querySelector('td[data-cell]').click()")
    links = browser.ask("[...document.querySelectorAll('#details a')].map((a) => a.getAttribute('href'))")
    assert len(links) == 2
    for link in links:
        browser.open(f"{served}/{link}")
        browser.wait("document.querySelector('.chart-card canvas')")
        assert browser.errors() == []


@pytest.mark.parametrize("machine", ["made-up-0", "made-up-1"])
@pytest.mark.parametrize("view", VIEWS)
def test_asvs_own_pages(browser, served, view, machine):
    """Also of a machine that has not measured everything."""
    browser.open(f"{served}/asv.html#view={view}&machine={machine}")
    browser.wait("/strideops/.test(document.body.innerText)")  # the project's name, which index.json has
    browser.picture(f"asv-{view}-{machine}")
    assert browser.errors() == []
    assert {address.split("/")[2] for address in browser.requests() if "://" in address} == {served.split("/")[2]}


def test_a_link_of_asvs_feed(browser, served):
    browser.open(f"{served}/index.html#ops.Sum.time_call?commits=abc")
    browser.wait("location.pathname === '/asv.html'")
    assert "bench=ops.Sum.time_call" in browser.ask("location.hash")


def test_a_tracked_rise_is_worse_on_asvs_pages(browser, planted):
    """asv-tachyon coloured it as an improvement: DESIGN's 0 is good."""
    handler = functools.partial(_Quiet, directory=str(planted))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        browser.open(f"http://127.0.0.1:{server.server_port}/asv.html#view=overview")
        browser.wait("document.querySelector('.delta-up, .delta-down')")
        browser.picture("asv-planted")
        wrong = browser.ask("[...document.querySelectorAll('.delta-down')].map((each) => each.textContent)")
        server.shutdown()
        thread.join()
    assert wrong == []
