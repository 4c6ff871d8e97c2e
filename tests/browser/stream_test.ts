import type { Page } from "../../tools/playwright.ts";
import { assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { untilSeen, withDashboard } from "./browser.ts";

const withChromium = needs("chromium");

const hello = { version: 1, self: "Hill" };

const oneClient = {
  isSnapshot: true,
  known: 1,
  heard: 0,
  positions: [["kiwi", 0, 0, "Hill", 0]],
};

withChromium.test("stream: a page reconnects after a lost stream, and discards old data", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("Live", { exact: true }).waitFor();
    port.send("positions", oneClient);
    await page.locator('#map[data-clients="1"]').waitFor();
    port.endStreams();
    await page.getByText("Reconnecting", { exact: true }).waitFor();
    // Old data stay visible until there are new ones.
    assertEquals(
      await page.locator("#map").getAttribute("data-clients"),
      "1",
    );
    await port.followed();
    port.send("hello", hello);
    port.send("status", fakeStatus());
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator('#map[data-clients="0"]').waitFor();
  });
});

withChromium.test("stream: a server that does not come back is shown as gone", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("Live", { exact: true }).waitFor();
    await page.route("**/events", (route) => route.fulfill({ status: 503 }));
    port.endStreams();
    await page.getByText("Server gone", { exact: true }).waitFor();
    await page.unroute("**/events");
    await port.followed();
    port.send("hello", hello);
    await page.getByText("Live", { exact: true }).waitFor();
  }, /503/);
});

/** Asserts that nothing on the page looks as if it were of now. */
async function assertStale(page: Page): Promise<void> {
  await page.locator("#health[data-state=stale]").waitFor();
  await page.locator("#health").getByText(
    /^▲ \d+ (s|min) old: 5 of 5 servers and 6 of 6 links up$/,
  ).waitFor();
  await page.locator("#age").getByText(/^\d+ s ago$/).waitFor();
  await page.locator(".plot-now").first().getByText(/^\d+ s ago$/).waitFor();
  await untilSeen(async () =>
    /^✕ \d+ s old · Herd of 5 servers · herd$/.test(await page.title())
  );
  for (const part of ["main", ".facts"]) {
    const filter = await page.locator(part).evaluate((element: unknown) =>
      // deno-lint-ignore no-explicit-any
      (globalThis as any).getComputedStyle(element).filter
    );
    assertEquals(filter, "grayscale(1)", part);
  }
}

withChromium.test("stream: when the server is gone, everything turns stale at once, with its age", async () => {
  await withDashboard({}, async (page, port) => {
    await page.getByText("5 of 5 servers and 6 of 6 links up").waitFor();
    assertEquals(await page.title(), "Herd of 5 servers · herd");
    assertEquals(await page.locator("#age").innerText(), "");
    port.send("log", {
      server: "Hill",
      time: fakeStatus().time - 100,
      uptimeSeconds: 3_500,
      level: "info",
      connection: "server",
      event: "an event",
      fields: {},
    });
    await page.locator("#events").getByText("100 s ago").waitFor();
    await page.route("**/events", (route) => route.fulfill({ status: 503 }));
    port.endStreams();
    await assertStale(page);
    // Ages grow while nothing arrives.
    await page.locator("#events").getByText("102 s ago").waitFor();
    await page.locator("#age").getByText("3 s ago").waitFor();
    await page.unroute("**/events");
    await port.followed();
    port.send("hello", hello);
    port.send("status", fakeStatus());
    await page.locator("#health[data-state=well]").waitFor();
    assertEquals(await page.title(), "Herd of 5 servers · herd");
  }, /503/);
});

withChromium.test("stream: a server that sends nothing makes everything stale", async () => {
  await withDashboard({}, async (page) => {
    await page.getByText("5 of 5 servers and 6 of 6 links up").waitFor();
    await page.locator("#stream").getByText("No data", { exact: true })
      .waitFor();
    await assertStale(page);
  });
});

withChromium.test("stream: a page with another version than its server reloads once", async () => {
  await withDashboard({}, async (page, port) => {
    let loads = 0;
    page.on("load", () => loads += 1);
    const reloaded = page.waitForEvent("load");
    port.send("hello", { ...hello, version: 2 });
    await reloaded;
    await port.followed();
    port.send("hello", { ...hello, version: 2 });
    await page.getByText("the server is another version").waitFor();
    assertEquals(loads, 1);
  });
});
