import type { Page } from "../../tools/playwright.ts";
import { assert, assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { pixelAt, sizeOf, untilSeen, withDashboard } from "./browser.ts";

const withChromium = needs("chromium");

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

const long = "a".repeat(120);

/** How much wider the page is than the window, in CSS pixels. */
function overflow(page: Page): Promise<number> {
  return page.locator("html").evaluate((element: unknown) => {
    const { scrollWidth, clientWidth } = element as Record<string, number>;
    return scrollWidth - clientWidth;
  });
}

/** The words in an element that are broken across lines. */
function brokenWords(root: unknown): string[] {
  // deno-lint-ignore no-explicit-any
  const { document } = globalThis as any;
  const walker = document.createTreeWalker(root, 4);
  const broken: string[] = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    // A line may also end at a hyphen.
    for (const { 0: word, index } of node.data.matchAll(/[^\s-]+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (range.getClientRects().length > 1) broken.push(word);
    }
  }
  return broken;
}

for (const viewport of [phone, desktop]) {
  for (const colorScheme of ["light", "dark"] as const) {
    withChromium.test(`look: nothing overflows at ${viewport.width} pixels, ${colorScheme}`, async () => {
      await withDashboard({ viewport, colorScheme }, async (page, port) => {
        await page.getByText("6 of 6 links up").waitFor();
        assertEquals(await overflow(page), 0);
        const names = [long, "Smith", "Jaquez"];
        const links: [string, string][] = [[long, "Smith"]];
        port.send(
          "status",
          fakeStatus({
            names,
            links,
            down: [`${long} Smith`],
            servers: { [long]: withExample },
          }),
        );
        port.send("log", {
          server: long,
          time: 0,
          uptimeSeconds: 0,
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

for (const width of [1280, 1024]) {
  withChromium.test(`look: no word of the servers' table is broken at ${width} pixels`, async () => {
    await withDashboard(
      { viewport: { width, height: 900 } },
      async (page, port) => {
        const busy = {
          clients: 200_010,
          lines: { iamat: 12_345_678, whatsat: 123_456, invalid: 1_234 },
          places: { provider: "gazetteer", requests: { ZERO_RESULTS: 9_999 } },
          limitHits: { "connections-per-address": 1_234 },
        };
        port.send("status", fakeStatus({ servers: { Singleton: busy } }));
        await page.getByText("12,345,678").waitFor();
        const broken = await page.locator("#servers").evaluate(brokenWords);
        assertEquals(broken, []);
        assertEquals(await overflow(page), 0);
      },
    );
  });
}

withChromium.test("look: clocks are shown if one of them differs", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("6 of 6 links up").waitFor();
    const clocks = page.locator("#servers").getByText("Clock");
    assertEquals(await clocks.isVisible(), false);
    const clock = { aheadSeconds: -90, clocks: 4, differs: true };
    port.send("status", fakeStatus({ servers: { Smith: { clock } } }));
    await page.getByText("behind the median of 4").waitFor();
    assertEquals(await clocks.isVisible(), true);
  });
});

withChromium.test("look: data folders are shown if a server has one", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("6 of 6 links up").waitFor();
    const folders = page.locator("#servers").getByText("Data", { exact: true });
    assertEquals(await folders.isVisible(), false);
    const data = { bytes: 12_345_678 };
    port.send("status", fakeStatus({ servers: { Smith: { data } } }));
    await page.locator("#servers").getByText("MB").first().waitFor();
    assertEquals(await folders.isVisible(), true);
  });
});

const withExample = {
  gateways: {
    ports: { HTTP: "127.0.0.1:8400", MQTT: "127.0.0.1:8500" },
    reports: { http: 1_234, mqtt: 5 },
    reasons: { "zero-position": 2, "not-json": 345 },
    example: {
      reason: "not-json",
      gateway: "http",
      time: 1_764_000_000,
      text: `POST /pub {<img src=x onerror=alert(1)> ${long}`,
    },
  },
};

withChromium.test("look: gateways are shown if a server has one", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("6 of 6 links up").waitFor();
    const panel = page.locator("#gateways-panel");
    assertEquals(await panel.isVisible(), false);
    port.send("status", fakeStatus({ servers: { Smith: withExample } }));
    await panel.getByText("127.0.0.1:8500").waitFor();
    const row = panel.getByRole("row").nth(1);
    assertEquals(await panel.getByRole("row").count(), 2);
    assertEquals(await row.getByRole("cell").allTextContents(), [
      "HTTP 127.0.0.1:8400, MQTT 127.0.0.1:8500",
      "http 1,234, mqtt 5",
      "not-json 345, zero-position 2",
      "not-json by http at 16:00:00: POST /pub " +
      `{<img src=x onerror=alert(1)> ${long}`,
    ]);
    // The text of an example is text: no element was made of it.
    assertEquals(await panel.locator("img").count(), 0);
    assertEquals(await overflow(page), 0);
    const { example } = withExample.gateways;
    const gateways = {
      ...withExample.gateways,
      example: { ...example, text: null },
    };
    port.send("status", fakeStatus({ servers: { Smith: { gateways } } }));
    await panel.getByText("at 16:00:00: (shown to operators only)").waitFor();
    port.send("status", fakeStatus());
    await panel.waitFor({ state: "hidden" });
  });
});

withChromium.test("look: the list of five servers is short on a phone", async () => {
  await withDashboard({ viewport: phone }, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    const { height } = await sizeOf(page, "#servers");
    assert(height < 1_000, `${height} pixels`);
  });
});

withChromium.test("look: the map follows the dark colour scheme", async () => {
  await withDashboard({ colorScheme: "light" }, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    const sea = async () => (await pixelAt(page, "#map-land", 60, 200))[0];
    await untilSeen(async () => await sea() > 200);
    await page.emulateMedia({ colorScheme: "dark" });
    await untilSeen(async () => await sea() < 60);
  });
});

withChromium.test("look: the servers' marks keep their colours if colours are forced", async () => {
  await withDashboard({ forcedColors: "active" }, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    const colours = await page.locator("#legend .mark").evaluateAll(
      (elements: unknown) =>
        (elements as unknown[]).map((element) =>
          // deno-lint-ignore no-explicit-any
          (globalThis as any).getComputedStyle(element, "::before")
            .backgroundColor
        ),
    );
    assertEquals(new Set(colours).size, 5);
  });
});

for (const width of [1280, 1024, 910, 390]) {
  withChromium.test(`look: no name of a count is broken at ${width} pixels`, async () => {
    const viewport = { width, height: 900 };
    await withDashboard({ viewport }, async (page, port) => {
      const counts = {
        OVER_QUERY_LIMIT: 1,
        INVALID_REQUEST: 22,
        ZERO_RESULTS: 333,
        UNKNOWN_ERROR: 4_444,
      };
      const links = ["Hill", "Smith", "Singleton"].map((name) => [
        name,
        {
          places: { provider: "google", requests: counts },
          limitHits: { "whatsats-per-connection": 123_456 },
          lines: { iamat: 12_345_678, whatsat: 1_234_567, invalid: 1_234 },
        },
      ]);
      const servers = Object.fromEntries(links);
      port.send("status", fakeStatus({ down: ["Hill Smith"], servers }));
      await page.getByText("OVER_QUERY_LIMIT").first().waitFor();
      const broken = await page.locator("#servers").evaluate(brokenWords);
      assertEquals(broken, []);
      assertEquals(await overflow(page), 0);
    });
  });
}

withChromium.test("look: headings, names and roles for screen readers", async () => {
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
      // Hidden, as no server has gateways.
      "Gateways",
      "Events",
    ]);
    assertEquals(await page.locator("caption").count(), 2);
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
