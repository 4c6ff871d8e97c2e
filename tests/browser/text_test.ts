import type { Page } from "../../tools/playwright.ts";
import { showId } from "../../admin/shown_id.ts";
import { escapeBytes } from "../../log/escape.ts";
import { textOfBytes } from "../../protocol/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { find, sizeOf, untilSeen, withDashboard } from "./browser.ts";

const withChromium = needs("chromium");

const image = "<img/src=x/onerror=alert(1)>";
const script = `"><script>alert(1)</script>`;

/** Asserts that no ID or name became an element. */
async function assertNoMarkup(page: Page): Promise<void> {
  // The page's own elements.
  assertEquals(await page.locator("img").count(), 1);
  assertEquals(await page.locator("script").count(), 1);
  assertEquals(await page.locator("b").count(), 0);
}

for (const id of [image, script]) {
  withChromium.test(`text: the client ID ${id} is shown as text`, async () => {
    await withDashboard({}, async (page, port) => {
      port.send("positions", {
        isSnapshot: false,
        known: 1,
        heard: 1,
        positions: [[id, 0, 0, `Hill${id}`, 0]],
      });
      await page.locator('#map[data-clients="1"]').waitFor();
      const card = page.locator("#client-card");
      // Selected by keyboard, by pointer and by search.
      await page.locator("#map").focus();
      await page.keyboard.press("Enter");
      assertEquals(await card.locator("bdi").innerText(), id);
      await card.getByText(`received by Hill${id}`).waitFor();
      await assertNoMarkup(page);
      await page.keyboard.press("Escape");
      const box = (await page.locator("#map").boundingBox())!;
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await card.getByText(id, { exact: true }).waitFor();
      await page.mouse.move(0, 0);
      await find(page, id);
      await card.getByText(id, { exact: true }).waitFor();
      await assertNoMarkup(page);
    }, /404/);
  });
}

withChromium.test("text: clients with any ID are found, and their IDs shown as text", async () => {
  await withDashboard({}, async (page, port) => {
    const clients = [
      image,
      script,
      "__proto__",
      "constructor",
      "\x00",
      "\xff\\x41",
      "\xe2\x80\xae",
      "\xc2\xa0",
      "a+b&id=c#%41",
      "x".repeat(1_000),
    ];
    const card = page.locator("#client-card");
    for (const client of clients) {
      port.lines.set(client, `AT Hill +0.1 ${client} +1+2 1520023936`);
      await find(page, textOfBytes(escapeBytes(client)));
      await untilSeen(async () =>
        await card.locator("bdi").textContent() === showId(client)
      );
      await assertNoMarkup(page);
    }
    const count = clients.length;
    await page.locator(`#map[data-clients="${count}"]`).waitFor();
  });
});

withChromium.test("text: a long ID is cut, and shown whole on request", async () => {
  await withDashboard({}, async (page, port) => {
    const clients = ["a", "b"].map((end) => "\x01".repeat(65_000) + end);
    for (const client of clients) {
      port.lines.set(client, `AT Hill +0.1 ${client} +1+2 1520023936`);
    }
    port.send("positions", {
      isSnapshot: true,
      known: 2,
      heard: 0,
      positions: clients.map((client, index) => [
        showId(client),
        index,
        40 * index,
        "Hill",
        0,
      ]),
    });
    await page.locator('#map[data-clients="2"]').waitFor();
    await page.locator("#map").focus();
    for (const client of clients) {
      await page.keyboard.press("Enter");
      const card = page.locator("#client-card");
      await untilSeen(async () =>
        await card.locator("bdi").textContent() === showId(client)
      );
      await card.getByRole("button", { name: "Show the whole ID" }).click();
      const whole = textOfBytes(escapeBytes(client));
      await untilSeen(async () =>
        await card.locator("bdi").textContent() === whole
      );
      const { height } = await sizeOf(page, "#client-card");
      assert(height < 400, `${height} pixels`);
      await page.locator("#map").focus();
    }
  });
});

withChromium.test("text: names of servers, reasons and events are shown as text", async () => {
  await withDashboard({}, async (page, port) => {
    const names = [image, script, "<b>x</b>"];
    const links: [string, string][] = [[image, script]];
    const fault = `<b>${image}</b>`;
    port.send(
      "status",
      fakeStatus({
        names,
        links,
        down: [links[0].join(" ")],
        servers: {
          [image]: {
            notReady: fault,
            limitHits: { [fault]: 1 },
            places: { provider: fault, requests: { [fault]: 1 } },
            log: {
              path: fault,
              lagBytes: 0,
              lostLines: 0,
              lostBytes: 0,
              fault,
            },
          },
        },
      }),
    );
    port.send("log", {
      server: image,
      time: 0,
      uptimeSeconds: 0,
      level: `info ${image}`,
      connection: script,
      event: fault,
      fields: { [image]: script, list: [fault] },
    });
    await page.locator("#events").getByText(`${image}=${script}`).waitFor();
    await page.locator("tbody").getByText(fault).first().waitFor();
    await page.locator("#legend").getByText(script).waitFor();
    await assertNoMarkup(page);
  });
});
