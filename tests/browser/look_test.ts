import type { Page } from "playwright-core";
import { assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { pixelAt, untilSeen, withDashboard } from "./browser.ts";

const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 900 };

const long = "a".repeat(120);

/** How much wider than the window the page is, in CSS pixels. */
function overflow(page: Page): Promise<number> {
  return page.locator("html").evaluate((element: unknown) => {
    const { scrollWidth, clientWidth } = element as Record<string, number>;
    return scrollWidth - clientWidth;
  });
}

for (const viewport of [phone, desk]) {
  for (const colorScheme of ["light", "dark"] as const) {
    Deno.test(`look: nothing sticks out at ${viewport.width} pixels, ${colorScheme}`, async () => {
      await withDashboard({ viewport, colorScheme }, async (page, port) => {
        await page.getByText("6 of 6 links up").waitFor();
        assertEquals(await overflow(page), 0);
        const names = [long, "Smith", "Jaquez"];
        const links: [string, string][] = [[long, "Smith"]];
        port.send(
          "status",
          fakeStatus({ names, links, down: [`${long} Smith`] }),
        );
        port.send("log", {
          server: long,
          time: 0,
          level: "info",
          connection: long,
          event: long,
          fields: { [long]: long },
        });
        port.send("positions", {
          isSnapshot: true,
          known: 1,
          heard: 0,
          positions: [[long, 0, 170, long, 0]],
        });
        await page.locator('#map[data-clients="1"]').waitFor();
        await page.locator("#map").focus();
        await page.keyboard.press("Enter");
        await page.locator("#client-card").waitFor();
        await page.locator("#events li").waitFor();
        assertEquals(await overflow(page), 0);
      });
    });
  }
}

Deno.test("look: the map turns dark with the screen", async () => {
  await withDashboard({ colorScheme: "light" }, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    const sea = async () => (await pixelAt(page, "#map-land", 60, 200))[0];
    await untilSeen(async () => await sea() > 200);
    await page.emulateMedia({ colorScheme: "dark" });
    await untilSeen(async () => await sea() < 60);
  });
});

Deno.test("look: headings, names and roles for those who do not see it", async () => {
  await withDashboard({}, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    assertEquals(await page.locator("h1, h2").allTextContents(), [
      "Herd of 5 servers",
      "Clients",
      "Herd",
      "Updates",
      "Propagation",
      "WHATSAT",
      "Servers",
      "Events",
    ]);
    assertEquals(await page.locator("caption").count(), 1);
    assertEquals(await page.getByRole("row").count(), 6);
    assertEquals(await page.getByRole("log").count(), 1);
    await page.getByRole("img", { name: "5 servers, 6 links, all up" })
      .waitFor();
    for (const button of await page.getByRole("button").all()) {
      const name = await button.getAttribute("aria-label") ??
        await button.innerText();
      assertEquals(name.trim() === "", false);
    }
  });
});
