// Opens the hub's page in chromium and looks for one incident (environment: HUB, INCIDENT = its id). Exit code 0 when its
// summary, as the hub tells it at that moment, stands on the page in both languages.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../dashboards/web/package.json", import.meta.url));
const { chromium } = require("playwright-core");

// Numbers in a summary grow while the fault spreads, so the page is compared with the hub anew each time.
async function seesIncident(page, language) {
  for (let attempt = 0; attempt < 20; ++attempt) {
    const answer = await fetch(`${process.env.HUB}/api/v1/incidents?state=all&limit=100`);
    const incident = (await answer.json()).incidents.find((i) => i.id === process.env.INCIDENT);
    const summary = page.getByText(incident[`summary_${language}`], { exact: false }).first();
    const seen = await summary.waitFor({ timeout: 2000 }).then(() => true, () => false);
    if (seen) return;
  }
  throw new Error(`incident ${process.env.INCIDENT} is not on the page (${language})`);
}

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  for (const [locale, language] of [["en-US", "en"], ["zh-CN", "zh"]]) {
    const context = await browser.newContext({ locale, viewport: { width: 1360, height: 900 } });
    const page = await context.newPage();
    await page.goto(process.env.HUB + "/");
    await seesIncident(page, language);
    if (process.env.SHOT) await page.screenshot({ path: `${process.env.SHOT}-${locale}.png`, fullPage: true });
    await context.close();
  }
} finally {
  await browser.close();
}
