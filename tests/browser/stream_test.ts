import { assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { withDashboard } from "./browser.ts";

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
