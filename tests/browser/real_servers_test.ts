import { assertEquals } from "../assert.ts";
import { ask, TestHerd } from "../end_to_end/process.ts";
import { needs } from "../needs.ts";
import {
  find,
  inkOf,
  linkIs,
  serverIs,
  untilSeen,
  withPage,
} from "./browser.ts";

const withChromium = needs("chromium");

/** The dashboard of a server of the default herd. */
function dashboard(herd: TestHerd, name: string): string {
  return `http://127.0.0.1:${herd.adminPortOf(name)}/`;
}

withChromium.test("dashboard of a herd: earlier and new clients with any ID are shown on the map", async () => {
  await using herd = new TestHerd();
  await herd.up();
  const markup = "<img/src=x/onerror=alert(1)>";
  const time = Date.now() / 1000;
  await ask(herd.portOf("Hill"), `IAMAT kiwi +34.07-118.45 ${time}\n`);
  await withPage(dashboard(herd, "Hill"), {}, async (page) => {
    await page.getByText("Herd of 5 servers").waitFor();
    await page.getByText("5 of 5 servers and 6 of 6 links up").waitFor();
    await page.locator('#map[data-clients="1"]').waitFor();
    const before = await inkOf(page, "#map-dots");
    // Reported to another server than the page's.
    await ask(herd.portOf("Campbell"), `IAMAT ${markup} -33.9+18.4 ${time}\n`);
    await page.locator('#map[data-clients="2"]').waitFor();
    await untilSeen(async () => await inkOf(page, "#map-dots") > before);
    await find(page, markup);
    const card = page.locator("#client-card");
    await card.getByText(markup, { exact: true }).waitFor();
    await card.getByText("received by Campbell").waitFor();
    assertEquals(await page.locator("img").count(), 1);
    await page.locator("#events li").first().waitFor();
    // The row of Campbell: one IAMAT.
    const cells = page.locator("tbody tr").nth(3).locator("td");
    await cells.nth(2).getByText("1", { exact: true }).waitFor();
  });
});

withChromium.test("dashboard of a server: it shows a neighbour and the server itself go down and up again", async () => {
  await using herd = new TestHerd();
  const programs = await herd.startAll(["--admin"]);
  const lost = /ERR_|Failed to load/;
  await withPage(dashboard(herd, "Hill"), {}, async (page) => {
    await page.getByText("Hill, one of 5 servers").waitFor();
    await linkIs(page, "Hill Smith", "up");
    await linkIs(page, "Campbell Smith", "unseen");
    const kill = async (name: string) => {
      programs.get(name)!.signal("SIGKILL");
      await programs.get(name)!.ended();
    };
    await kill("Smith");
    await linkIs(page, "Hill Smith", "down");
    await serverIs(page, "Smith", "down");
    await herd.start("Smith", ["--admin"]);
    await linkIs(page, "Hill Smith", "up");

    await kill("Hill");
    await page.locator("#stream:not([data-state=live])").waitFor();
    await herd.start("Hill", ["--admin"]);
    await page.getByText("Live", { exact: true }).waitFor();
    await linkIs(page, "Hill Smith", "up");
  }, lost);
});
