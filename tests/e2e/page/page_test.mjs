// The page in a real browser against a hub made of fixtures. Run: npm ci in dashboards/web, then node --test page_test.mjs
// Nothing here waits by the clock: every expectation is a condition that the browser reports when it holds.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { have_chromium, open_page, start_browser, web } from "./browser.mjs";
import { low_contrast, own_texts, without_hub_texts } from "./inspect.mjs";
import { all_fixtures, fixture_folder, fixture_text } from "./make_fixtures.mjs";
import { load_fixture, start_mock } from "./mock_hub.mjs";

const fixtures = Object.fromEntries(
  await Promise.all(Object.keys(all_fixtures()).map(async (name) => [name, await load_fixture(name)])),
);

test("the fixtures on disk are what make_fixtures.mjs writes", () => {
  for (const [name, fixture] of Object.entries(all_fixtures())) {
    assert.equal(readFileSync(join(fixture_folder, `${name}.json`), "utf8"), fixture_text(fixture), name);
  }
});

describe("the page", { skip: have_chromium ? false : "no Chromium; set CHROMIUM to its path", timeout: 240_000 }, () => {
  let dist;
  let browser;
  const hubs = [];

  before(async () => {
    dist = mkdtempSync(join(tmpdir(), "sonde-page-"));
    execFileSync(process.execPath, [join(web, "build.mjs"), "--out", dist], { stdio: "pipe" });
    browser = await start_browser();
  });
  after(async () => {
    await browser?.close();
    for (const hub of hubs) await hub.stop().catch(() => {});
    rmSync(dist, { recursive: true, force: true });
  });

  /** A page on a hub of its own that shows `name`. */
  async function open(name, options = {}) {
    const hub = await start_mock({ fixture: fixtures[name], dist });
    hubs.push(hub);
    const page = await open_page(browser, hub, options);
    return { hub, page };
  }
  /** Ends a test: nothing may have gone wrong on the page, seen or unseen. */
  async function finish(page) {
    assert.deepEqual(page.trouble, []);
    await page.context().close();
  }
  const see = (page, text) => page.getByText(text).first().waitFor();

  test("the build is whole: an index, hashed names, nothing inline, nothing from elsewhere", () => {
    const names = readdirSync(dist);
    const plain = names.map((name) => name.replace(/\.[0-9a-f]{10}\./, ".HASH."));
    assert.deepEqual(plain.sort(), ["app.HASH.css", "app.HASH.js", "favicon.HASH.svg", "index.html"]);
    const index = readFileSync(join(dist, "index.html"), "utf8");
    assert.doesNotMatch(index, /style=|<style|<script>|https?:/);
    for (const [, name] of index.matchAll(/(?:href|src)="([^"]+)"/g)) assert.ok(names.includes(name), name);
  });

  test("the alarms work: an inline script is reported as a violation", async () => {
    const { page } = await open("quiet");
    await page.locator(".matrix").waitFor();
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "alert('inline')";
      document.body.append(script);
    });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.ok(page.trouble.some((text) => text.startsWith("policy: script-src")), page.trouble.join("\n"));
    await page.context().close();
  });

  test("headline, verdict and evidence stand in both languages; the choice is remembered", async () => {
    const { page } = await open("app_incident");
    await page.getByRole("heading", { level: 1, name: "App checkout is failing: HTTP 503 from 6 of 6 vantages." }).waitFor();
    const card = page.locator("[data-incident=i-20251124-0001]");
    assert.match(await card.innerText(), /Your app[\s\S]*Convicted · 97% confident/);
    await see(card, "Not the region: object storage in the same region answers from 6 of 6 vantages.");
    await see(card, "Look at the latest deploy of checkout.");
    await page.locator("[data-blame=app][data-standing=guilty]").waitFor();
    for (const blame of ["cloud", "dns", "path", "probe"]) {
      await page.locator(`[data-blame=${blame}][data-standing=cleared]`).waitFor();
    }
    await page.locator("[data-choice=lang] [data-value=zh]").click();
    await page.getByRole("heading", { level: 1, name: "应用 checkout 故障：6 个观测点中 6 个收到 HTTP 503。" }).waitFor();
    assert.match(await card.innerText(), /你的应用[\s\S]*已定责 · 置信度 97%/);
    await see(card, "不是区域：同一区域的对象存储从 6 个观测点看全部正常。");
    await page.reload();
    await page.getByRole("heading", { level: 1, name: /^应用 checkout 故障/ }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    await finish(page);
  });

  test("the language follows the browser's", async () => {
    const { page } = await open("quiet", { lang: "zh" });
    await page.getByRole("heading", { level: 1, name: "6 个观测点看到 21 个目标全部正常。" }).waitFor();
    await finish(page);
  });

  test("leaning and insufficient say so, with candidates and what would settle it", async () => {
    const { hub, page } = await open("insufficient");
    const card = page.locator("[data-incident]");
    await see(card, "Not enough evidence");
    await see(card, "What would settle it");
    assert.equal(await card.locator(".candidates li").count(), 3);
    await page.locator("[data-blame=path][data-standing=possible]").waitFor();
    await page.locator("[data-blame=dns][data-standing=cleared]").waitFor();
    assert.equal(await card.locator(".evidence .acquits").count(), 2, "what fails is not ticked off as ruled out");
    assert.equal(await page.locator("[data-standing=guilty]").count(), 0);
    hub.show(fixtures.leaning);
    await see(card, "Leaning, 78%");
    await page.locator("[data-blame=path][data-standing=suspected]").waitFor();
    await page.locator("[data-blame=probe][data-standing=possible]").waitFor();
    await finish(page);
  });

  test("an event changes the page without a reload", async () => {
    const { hub, page } = await open("quiet");
    await page.locator("[data-level=ok]").waitFor();
    await page.evaluate(() => (window.kept = true));
    hub.show(fixtures.cloud_region);
    await page.locator("[data-level=incident]").waitFor();
    await page.locator("[data-blame=cloud][data-standing=guilty]").waitFor();
    assert.match(await page.title(), /^✕ Cloud region cirrus cn-east/);
    hub.tell("incident", { ...fixtures.cloud_region.incidents[0], state: "closed", closed_ms: fixtures.quiet.overview.time_ms });
    await page.locator(".closed-list a", { hasText: "Cloud region cirrus cn-east" }).waitFor();
    await page.locator("[data-incident]").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => window.kept), true);
    assert.deepEqual(hub.asked.filter((path) => path.includes("overview")), [], "it did not poll");
    await finish(page);
  });

  test("when the hub goes away the page says so and shows nothing old as present; then it comes back by itself", async () => {
    const { hub, page } = await open("quiet");
    await page.locator(".live-live").waitFor();
    await hub.stop();
    await page.locator("[data-level=stale]").waitFor();
    await page.locator(".live-stale").waitFor();
    await see(page, "This is not the present.");
    assert.equal(await page.locator(".suspect:not([data-standing=unknown])").count(), 0);
    assert.equal(await page.locator(".matrix-section.old").count(), 1);
    assert.match(await page.title(), /^\? /);
    await hub.start();
    await page.locator("[data-level=ok]").waitFor({ timeout: 30_000 });
    await page.locator(".live-live").waitFor({ timeout: 30_000 });
    assert.equal(await page.locator(".old").count(), 0);
    await finish(page);
  });

  test("a picture that stands still is called old, although the hub answers", async () => {
    const hub = await start_mock({ fixture: fixtures.quiet, dist });
    hubs.push(hub);
    const page = await open_page(browser, hub, { fake_clock: true });
    await page.locator("[data-level=ok]").waitFor();
    for (let turn = 0; turn < 3; turn += 1) {
      const asked = page.waitForResponse((answer) => answer.url().endsWith("/overview"));
      await page.clock.fastForward(20_000);
      await asked;
    }
    await page.locator("[data-level=stale]").waitFor();
    await see(page, /its picture has stood still since/);
    hub.show({ ...fixtures.quiet, overview: { ...fixtures.quiet.overview, time_ms: fixtures.quiet.overview.time_ms + 60_000 } });
    await page.locator("[data-level=ok]").waitFor();
    await finish(page);
  });

  test("a picture that the page cannot show does not leave the old one standing", async () => {
    const { hub, page } = await open("quiet");
    await page.locator("[data-level=ok]").waitFor();
    const { rows, ...broken } = fixtures.quiet.overview;
    hub.show({ ...fixtures.quiet, overview: broken });
    await see(page, "This page has a fault of its own.");
    assert.equal(await page.locator("[data-level]").count(), 0);
    hub.show(fixtures.app_incident);
    await page.locator("[data-level=incident]").waitFor();
    await finish(page);
  });

  test("without an event stream it polls", async () => {
    const hub = await start_mock({ fixture: fixtures.quiet, dist });
    hubs.push(hub);
    hub.events = false;
    const page = await open_page(browser, hub);
    await page.locator(".live-polling").waitFor();
    hub.show({ ...fixtures.app_incident, overview: { ...fixtures.app_incident.overview, time_ms: fixtures.quiet.overview.time_ms + 1 } });
    await page.locator("[data-level=incident]").waitFor();
    await finish(page);
  });

  test("a hub that never answered, one that starts, no result yet, and no way out are explained", async () => {
    const { page } = await open("empty");
    await page.getByRole("heading", { level: 1, name: "Waiting for the first round." }).waitFor();
    assert.equal(await page.locator("[data-standing=unknown]").count(), 5);
    assert.equal(await page.locator(".cell:not(.cell-none)").count(), 0);
    await finish(page);

    const lost = await open("cut_off");
    await see(lost.page.locator("[data-hint=no-way-out]"), /Nothing answers from/);
    await see(lost.page.locator("[data-hint=no-way-out]"), "./run --demo");
    assert.equal(await lost.page.locator(".side-by-side table").count(), 7, "few vantages: groups side by side");
    await finish(lost.page);

    for (const [fulfil, words] of [
      [(route) => route.abort(), "The hub does not answer."],
      [(route) => route.fulfill({ status: 503, body: "{}" }), "The hub is starting."],
    ]) {
      const context = await browser.newContext({ locale: "en-US" });
      const closed = await context.newPage();
      await closed.route("**/api/v1/**", fulfil);
      await closed.goto(lost.hub.url);
      await closed.getByText(words).waitFor({ timeout: 10_000 });
      await context.close();
    }
  });

  test("hostile texts are text: no dialog, no violation, no element, no link", async () => {
    const { hub, page } = await open("hostile");
    await see(page, `App <script>alert("script")</script> fails: <img src=x onerror="alert('img')">`);
    const targets = hub.fixture.targets.filter(({ role }) => role === "app");
    const views = ["#/targets", "#/incident/i-20251124-0001", ...targets.map(({ name }) => `#/target/${encodeURIComponent(name)}`)];
    const foreign = () =>
      page.evaluate(() => ({
        elements: document.querySelectorAll("#page :is(script, img, iframe, object, [onload], [onerror])").length,
        links: [...document.querySelectorAll("a")].map((a) => a.getAttribute("href")).filter((href) => !href?.startsWith("#")),
      }));
    for (const cell of await page.locator("td .cell").all()) await cell.hover();
    assert.deepEqual(await foreign(), { elements: 0, links: [] });
    for (const view of views) {
      await page.goto(hub.url + view);
      await page.locator("main :is(.list, .history, .waterfall)").first().waitFor();
      if (view.startsWith("#/target/")) await page.locator(".chart canvas").waitFor();
      assert.deepEqual(await foreign(), { elements: 0, links: [] }, view);
    }
    await see(page, /^<script>alert\("script"\)<\/script> <img src=x/);
    await finish(page);
  });

  test("a waterfall leaves out the phases that were not reached", async () => {
    const { hub, page } = await open("app_incident", { path: "#/target/media" });
    const phases = async (vantage) => {
      const row = page.locator(`.waterfall-row[data-vantage=${vantage}]`);
      await row.waitFor();
      return row.locator("[data-phase]").evaluateAll((parts) => parts.map((part) => part.dataset.phase));
    };
    const whole = ["resolve", "connect", "tls", "processing", "transfer"];
    assert.deepEqual(await phases("frankfurt-dt"), whole);
    hub.show(fixtures.cloud_region);
    await page.goto(`${hub.url}#/target/checkout`);
    await see(page, "no answer to SYN");
    assert.deepEqual(await phases("shanghai-ct"), ["resolve", "lost"]);
    hub.show(fixtures.leaning);
    await page.goto(`${hub.url}#/target/search?from=beijing-cu`);
    await see(page, "certificate expired 2 days ago");
    assert.deepEqual(await phases("beijing-cu"), ["resolve", "connect", "tls"]);
    assert.deepEqual(await phases("shanghai-ct"), whole);
    hub.show(fixtures.cut_off);
    await page.goto(`${hub.url}#/target/orders`);
    await see(page, "resolver 203.0.113.53 did not answer");
    assert.deepEqual(await phases("shanghai-ct"), ["lost"]);
    await finish(page);
  });

  test("the latency chart asks for the range that was chosen and draws without breaking the policy", async () => {
    const { hub, page } = await open("leaning", { path: "#/target/storefront" });
    await page.locator(".chart canvas").waitFor();
    assert.equal(await page.locator(".chart-legend li").count(), 6);
    const asked = page.waitForRequest((request) => {
      const query = new URL(request.url()).searchParams;
      return request.url().includes("/series?") && Number(query.get("to_ms")) - Number(query.get("from_ms")) === 604_800_000;
    });
    await page.getByRole("button", { name: "7 d" }).click();
    await asked;
    await page.locator(".chart").hover();
    await page.locator(".chart-legend button").first().click();
    await page.locator(".chart-legend button[aria-pressed=false]").waitFor();
    assert.ok(hub.asked.some((path) => path.startsWith("/api/v1/targets/storefront")));
    await finish(page);
  });

  test("targets can be filtered, and a cell of many targets leads to them", async () => {
    const { hub, page } = await open("leaning");
    await page.locator(`[data-row="region:cirrus/cn-south"] .cell`).first().click();
    await see(page, "2 of 21");
    await page.getByRole("link", { name: "Show all" }).click();
    await see(page, "21 of 21");
    await page.getByRole("searchbox").fill("nimbus failing");
    await see(page, "6 of 21");
    await page.getByRole("searchbox").fill("no such thing");
    await see(page, "No target matches.");
    await page.goto(`${hub.url}#/target/nowhere`);
    await see(page, "This target is not known.");
    await page.goto(`${hub.url}#/incident/nowhere`);
    await see(page, "This incident is not known (any more).");
    await finish(page);
  });

  test("a target that never worked is marked, and says that no verdict rests on it", async () => {
    const { hub, page } = await open("leaning");
    const bad = hub.fixture.targets.find(({ status }) => status === "fail").name;
    const targets = hub.fixture.targets.map((one) => (one.name === bad ? { ...one, never_healthy: true } : one));
    hub.show({ ...hub.fixture, targets });
    await page.goto(`${hub.url}#/targets`);
    await page.getByRole("searchbox").fill("never worked");
    await see(page, "1 of 21");
    await page.getByRole("link", { name: bad }).click();
    await see(page, "no verdict rests on it");
    await page.goto(`${hub.url}#/target/checkout`);
    await see(page, "checkout");
    assert.equal(await page.getByText("no verdict rests on it").count(), 0);
    await finish(page);
  });

  test("an incident has a page with its history", async () => {
    const { page } = await open("app_incident");
    await page.getByRole("link", { name: "History" }).click();
    await page.locator(".history li", { hasText: "Leaning to app checkout: HTTP 503 from 2 of 6 vantages." }).waitFor();
    await finish(page);
  });

  test("the keyboard reaches a cell, moves in the matrix and opens the target", async () => {
    const { page } = await open("app_incident");
    await page.locator(".matrix").waitFor();
    const focused = (selector) => page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector);
    let steps = 0;
    while (!(await focused("a.cell")) && steps < 40) {
      await page.keyboard.press("Tab");
      steps += 1;
    }
    assert.ok(await focused("a.cell"), "Tab reaches a cell");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.id), "app:search / guangzhou-cm");
    await page.locator(".tooltip", { hasText: "guangzhou-cm → search" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "search" }).waitFor();
    await page.locator(".waterfall-row.marked[data-vantage=guangzhou-cm]").waitFor();
    await finish(page);
  });

  test("vantages of one partition stand side by side, each above its own cells", async () => {
    const { page } = await open("leaning");
    await page.locator(".matrix").waitFor();
    assert.deepEqual(await page.locator(".partitions th").allInnerTexts(), ["Domestic", "Overseas"]);
    const names = await page.locator("th.vantage").allInnerTexts();
    assert.deepEqual(names, ["beijing-cu", "guangzhou-cm", "shanghai-ct", "frankfurt-dt", "singapore-st", "virginia-cogent"]);
    const labels = await page.locator(`[data-row="app:media"] .cell`).evaluateAll((cells) => cells.map((cell) => cell.ariaLabel));
    names.forEach((name, at) => assert.ok(labels[at].startsWith(`media from ${name}: ${at === 0 ? "Failing" : "OK"}`), labels[at]));
    await finish(page);
  });

  test("a cell tells its state without colour", async () => {
    const { page } = await open("large");
    await page.locator(".matrix").waitFor();
    const cells = page.locator("a.cell");
    assert.equal(await cells.count(), 47 * 12);
    const words = { ok: "OK", degraded: "Degraded", fail: "Failing", unknown: "Unknown", none: "No fresh result" };
    const shapes = new Set();
    for (const [status, word] of Object.entries(words)) {
      const cell = page.locator(`a.cell-${status}`).first();
      assert.match(await cell.getAttribute("aria-label"), new RegExp(`: ${word}`));
      shapes.add(await cell.locator("svg").evaluate((svg) => svg.innerHTML));
    }
    assert.equal(shapes.size, 5, "five statuses, five shapes");
    await page.getByRole("button", { name: /^Only trouble/ }).click();
    await page.locator("tbody tr[data-row]").nth(25).waitFor({ state: "detached" });
    await finish(page);
  });

  for (const scheme of ["light", "dark"]) {
    test(`${scheme}: follows the system, can be switched, and text stays readable`, async () => {
      const { hub, page } = await open("app_incident", { colorScheme: scheme });
      await page.locator(".matrix").waitFor();
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const bright = async () => Number((await ground()).match(/\d+/)[0]) > 127;
      assert.equal(await bright(), scheme === "light");
      for (const name of ["app_incident", "leaning", "insufficient", "large", "cut_off"]) {
        hub.show(fixtures[name]);
        await see(page, fixtures[name].overview.headline.text_en);
        assert.deepEqual(await page.evaluate(low_contrast), [], name);
      }
      const other = scheme === "light" ? "dark" : "light";
      await page.locator(`[data-choice=theme] [data-value=${other}]`).click();
      await page.locator(`html[data-theme=${other}]`).waitFor({ state: "attached" });
      assert.equal(await bright(), other === "light");
      await page.reload();
      await page.locator(`html[data-theme=${other}]`).waitFor({ state: "attached" });
      await finish(page);
    });
  }

  test("nothing sticks out at 390 pixels", async () => {
    for (const lang of ["en", "zh"]) {
      const { hub, page } = await open("quiet", { lang, viewport: { width: 390, height: 844 } });
      for (const [name, path, ready] of [
        ["app_incident", "#/", ".matrix"], ["insufficient", "#/", ".matrix"], ["large", "#/", ".matrix"],
        ["hostile", "#/", ".matrix"], ["cut_off", "#/", ".matrix"], ["leaning", "#/targets", ".list"],
        ["hostile", "#/targets", ".list"], ["app_incident", "#/target/checkout", ".chart canvas"],
        ["hostile", "#/target/checkout", ".chart canvas"], ["app_incident", "#/incident/i-20251124-0001", ".history"],
      ]) {
        hub.fixture = fixtures[name];
        await page.goto(hub.url + path);
        await page.reload();
        await page.locator(ready).first().waitFor();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 390, `${lang} ${name} ${path} is ${wide} wide`);
      }
      await finish(page);
    }
  });

  test("no English is left on the Chinese page", async () => {
    const { hub, page } = await open("quiet", { lang: "zh" });
    const known = /\b(Sonde|EN|DNS|TCP|TLS|HTTP|IP|ms|Asia\/Shanghai)\b/g;
    for (const [name, path, ready] of [
      ...Object.keys(fixtures).filter((one) => one !== "hostile").map((one) => [one, "#/", ".matrix"]),
      ["leaning", "#/targets", ".list"], ["leaning", "#/target/search", ".chart canvas"],
      ["app_incident", "#/incident/i-20251124-0001", ".history"], ["quiet", "#/target/nowhere", ".empty"],
    ]) {
      hub.fixture = without_hub_texts(fixtures[name]);
      await page.goto(hub.url + path);
      await page.reload();
      await page.locator(ready).first().waitFor();
      const { overview, targets } = hub.fixture;
      const names = [...overview.vantages, ...targets, ...overview.rows.map(({ label }) => ({ name: label }))];
      const texts = (await page.evaluate(own_texts)).map((text) =>
        names.reduce((rest, { name: one }) => rest.replaceAll(one, ""), text).replace(known, ""));
      assert.deepEqual(texts.filter((text) => /[A-Za-z]{2,}/.test(text)), [], `${name} ${path}`);
    }
    await finish(page);
  });
});
