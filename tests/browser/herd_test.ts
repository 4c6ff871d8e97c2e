import type { Page } from "../../tools/playwright.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { fakeDistribution, fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { linkIs, serverIs, withDashboard } from "./browser.ts";

const withChromium = needs("chromium");

/** The text of a server's row in the table. */
function row(page: Page, name: string) {
  return page.locator("tbody tr", {
    has: page.locator("th .name", { hasText: name }),
  });
}

withChromium.test("graph: a link that goes down and up again is shown in shapes and text", async () => {
  await withDashboard({}, async (page, port) => {
    await linkIs(page, "Hill Smith", "up");
    await page.getByText("5 of 5 servers and 6 of 6 links up").waitFor();
    port.send("status", fakeStatus({ down: ["Hill Smith"] }));
    await linkIs(page, "Hill Smith", "down");
    await linkIs(page, "Hill Jaquez", "up");
    await page.getByText("5 of 5 servers and 5 of 6 links up").waitFor();
    await page.locator(".link-label-down").getByText("✕").waitFor();
    assertStringIncludes(
      await page.locator("#graph svg").getAttribute("aria-label") ?? "",
      "the link Hill to Smith is down for 60 s: connection refused",
    );
    assertStringIncludes(
      await page.locator("tbody tr").first().innerText(),
      "1 of 2 up; Smith down for 60 s: connection refused",
    );
    port.send("status", fakeStatus());
    await linkIs(page, "Hill Smith", "up");
    assertEquals(await page.locator(".link-label-down").count(), 0);
  });
});

withChromium.test("graph: a link that is behind shows by how much", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("status", fakeStatus({ waiting: { "Smith Campbell": 1234 } }));
    await linkIs(page, "Smith Campbell", "behind");
    await page.locator(".link-label-behind").getByText("1,234 behind")
      .waitFor();
  });
});

withChromium.test("graph: a single server's page shows which servers it sees and which not", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("status", fakeStatus({ seen: ["Hill"], down: ["Hill Smith"] }));
    await page.getByText("Hill, one of 5 servers").waitFor();
    await page.getByText("2 of 3 servers and 1 of 2 links up, 2 not seen")
      .waitFor();
    await serverIs(page, "Smith", "down");
    await serverIs(page, "Jaquez", "reachable");
    await serverIs(page, "Campbell", "unseen");
    await linkIs(page, "Smith Campbell", "unseen");
    assertStringIncludes(
      await row(page, "Campbell").innerText(),
      "not seen from here",
    );
  });
});

withChromium.test("graph: up, ready and seen are three things", async () => {
  await withDashboard({}, async (page, port) => {
    // The last server of a herd serves, and is not ready.
    port.send(
      "status",
      fakeStatus({
        seen: ["Hill"],
        down: ["Hill Smith", "Hill Jaquez"],
        servers: { Hill: { notReady: "no neighbour is linked" } },
      }),
    );
    await page.getByText(
      "1 of 3 servers and 0 of 2 links up, 1 not ready, 2 not seen",
    ).waitFor();
    await serverIs(page, "Hill", "not ready");
    await page.locator('#health[data-state="troubled"]').waitFor();
  });
});

withChromium.test("table: servers of other processes are shown by their summaries, with their ages", async () => {
  await withDashboard({}, async (page, port) => {
    const seen = {
      seen: ["Hill"],
      down: ["Hill Smith", "Smith Campbell"],
      servers: {
        Jaquez: { clients: 4321, notReady: "it catches up" },
        Campbell: { clients: 77, limitHits: { whatsats: 3 } },
      },
    };
    const summaries = { Jaquez: 2, Campbell: 4.4, Smith: 100 };
    port.send("status", fakeStatus({ ...seen, summaries }));
    await serverIs(page, "Jaquez", "not ready");
    await serverIs(page, "Campbell", "ready");
    await serverIs(page, "Smith", "down");
    await serverIs(page, "Singleton", "reachable");
    await linkIs(page, "Smith Campbell", "down");
    await linkIs(page, "Singleton Campbell", "up");
    const jaquez = row(page, "Jaquez");
    await jaquez.getByText("it catches up, 2 s ago").waitFor();
    await jaquez.getByText("4,321").waitFor();
    await row(page, "Campbell").getByText("ready, 4 s ago").waitFor();
    await row(page, "Campbell").getByText("whatsats 3").waitFor();
    const smith = row(page, "Smith");
    await smith.getByText("down, last heard of 100 s ago").waitFor();
    assertEquals(await smith.getAttribute("data-age"), "old");
    assertEquals(await jaquez.getAttribute("data-age"), "new");
    assertEquals(
      await page.locator("tbody tr").first().getAttribute("data-age"),
      "now",
    );
    await page.getByText(
      "4 of 5 servers and 3 of 5 links up, 1 not ready",
    ).waitFor();
    // Without a link, an old summary says nothing about the present.
    port.send(
      "status",
      fakeStatus({ ...seen, summaries: { Campbell: 16 } }),
    );
    await serverIs(page, "Campbell", "unseen");
    await row(page, "Campbell").getByText("last heard of 16 s ago").waitFor();
    await linkIs(page, "Smith Campbell", "unseen");
  });
});

withChromium.test("table: counts by name are sorted, and the process's memory is shown once", async () => {
  await withDashboard({}, async (page, port) => {
    port.send(
      "status",
      fakeStatus({
        servers: {
          Hill: {
            places: {
              provider: "google",
              requests: { B: 2, NO_ANSWER: 0, OVER_QUERY_LIMIT: 40, A: 2 },
            },
          },
        },
      }),
    );
    const cell = row(page, "Hill").locator('td[data-label="Places"]');
    await cell.getByText("OVER_QUERY_LIMIT 40").waitFor();
    assertEquals(await cell.textContent(), "OVER_QUERY_LIMIT 40, A 2, B 2");
    assertEquals(await page.getByText("120 MB").count(), 1);
    await page.locator("#memory").getByText("120 MB").waitFor();
  });
});

withChromium.test("times: all are in one named zone, with their ages", async () => {
  await withDashboard({ timezoneId: "Asia/Kolkata" }, async (page, port) => {
    // 2025-11-24 16:00:00 UTC.
    const { servers: [{ uptimeSeconds }], time } = fakeStatus();
    port.send("log", {
      server: "Hill",
      time: time - 65,
      uptimeSeconds: uptimeSeconds - 65,
      level: "info",
      connection: "server",
      event: "an event",
      fields: {},
    });
    port.send("positions", {
      isSnapshot: true,
      known: 1,
      heard: 0,
      positions: [["kiwi", 0, 0, "Hill", time - 130]],
    });
    await page.locator("#clock").getByText("16:00:00").waitFor();
    await page.getByText("Time (UTC)").waitFor();
    await page.locator("#events time").getByText("15:58:55").waitFor();
    await page.locator("#events").getByText("65 s ago").waitFor();
    await page.getByText("All times are in UTC.").waitFor();
    await page.locator('#map[data-clients="1"]').waitFor();
    await page.locator("#map").focus();
    await page.keyboard.press("Enter");
    await page.locator("#client-card")
      .getByText("2025-11-24 15:57:50 UTC, 2 min ago").waitFor();
  });
});

withChromium.test("graph: every server of any herd has a position", async () => {
  await withDashboard({}, async (page, port) => {
    for (const count of [1, 2, 20, 50]) {
      const names = Array.from({ length: count }, (_, index) => `s-${index}`);
      const links = names.slice(1).map((name, index): [string, string] => [
        names[Math.floor(index / 2)],
        name,
      ]);
      port.send("status", fakeStatus({ names, links }));
      await page.locator(`[data-server="s-${count - 1}"]`).waitFor();
      await page.locator("[data-server]").nth(count).waitFor({
        state: "detached",
      });
      assertEquals(await page.locator("[data-server]").count(), count);
      assertEquals(await page.locator("[data-link]").count(), count - 1);
    }
  });
});

withChromium.test("table and plots: the numbers of the status are shown as text", async () => {
  await withDashboard({}, async (page, port) => {
    const at = (time: number, iamat: number) =>
      fakeStatus({
        time,
        servers: {
          Hill: {
            clients: 4321,
            lines: { iamat, whatsat: 12, invalid: 3 },
            places: { provider: "gazetteer", requests: { OK: 7, other: 0 } },
            limitHits: { "connections-per-address": 4 },
            whatsatSeconds: fakeDistribution(iamat, 0.0015),
          },
        },
      });
    port.send("status", at(1_764_000_001, 1000));
    port.send("status", at(1_764_000_002, 1250));
    await page.locator("#updates").getByText("250").waitFor();
    const beginnings = page.locator(".plot-tick", { hasText: "page opened" });
    assertEquals(await beginnings.count(), 3);
    const cells: Record<string, string> = {};
    for (const cell of await row(page, "Hill").locator("td").all()) {
      const title = await cell.getAttribute("data-label");
      cells[title!] = await cell.textContent() ?? "";
    }
    const expected = {
      "Clients": "4,321",
      "Connections": "0",
      "IAMAT": "1,250",
      "WHATSAT": "12",
      "Invalid": "3",
      "Links": "2 of 2 up",
      "Log": "written",
      "Places": "OK 7",
      "Limit hits": "connections-per-address 4",
      "Up for": "60 min",
    };
    assertEquals({ ...cells, ...expected }, cells);
    const whatsat = page.locator("figure", { hasText: "WHATSAT" });
    await whatsat.getByText("ms").first().waitFor();
    assertStringIncludes(
      await page.locator("figure", { hasText: "Updates" }).locator("svg")
        .getAttribute("aria-label") ?? "",
      "now 250",
    );
    await page.locator("figure", { hasText: "Propagation" })
      .getByText("–").first().waitFor();
    port.send("status", at(1_764_000_121, 2000));
    await page.locator(".plot-tick", { hasText: "2 min ago" }).nth(2).waitFor();
    assertEquals(await beginnings.count(), 0);
  });
});

withChromium.test("events: the newest first, at most a hundred, filtered by level", async () => {
  await withDashboard({}, async (page, port) => {
    for (let index = 0; index < 130; index++) {
      port.send("log", {
        server: "Hill",
        time: 1_764_000_000 + index,
        uptimeSeconds: index,
        level: index % 10 === 9 ? "warning" : "info",
        connection: "server",
        event: `event ${index}`,
        fields: { neighbour: "Smith" },
      });
    }
    const events = page.locator("#events li");
    await events.first().getByText("event 129").waitFor();
    assertEquals(await events.count(), 100);
    assertStringIncludes(await events.last().innerText(), "event 30");
    // Events of level debug are not sent, so there is no choice for them.
    assertEquals(await page.locator("#level option").allTextContents(), [
      "info and above",
      "warnings and errors",
      "errors",
    ]);
    await page.getByLabel("Show").selectOption("warning");
    await events.getByText("event 128").waitFor({ state: "hidden" });
    await events.getByText("event 129").waitFor({ state: "visible" });
  });
});
