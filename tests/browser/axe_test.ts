import { assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { needs } from "../needs.ts";
import { violationsIn } from "./axe.ts";
import { withDashboard } from "./browser.ts";

const withChromium = needs("chromium");

const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

for (const viewport of [phone, desktop]) {
  for (const colorScheme of ["light", "dark"] as const) {
    withChromium.test(`axe: no violation at ${viewport.width} pixels, ${colorScheme}`, async () => {
      await withDashboard({ viewport, colorScheme }, async (page, port) => {
        await page.getByText("6 of 6 links up").waitFor();
        const long = `${"x".repeat(128)}… (65000 bytes, #0123456789abc)`;
        port.send("positions", {
          isSnapshot: true,
          known: 1,
          heard: 0,
          positions: [[long, 0, 0, "Hill", 0]],
        });
        for (const level of ["info", "warning", "error"]) {
          port.send("log", {
            server: "Hill",
            time: 1_764_000_000,
            uptimeSeconds: 3_600,
            level,
            connection: "peer/1",
            event: "link down",
            fields: { reason: "connection refused" },
          });
        }
        port.send(
          "status",
          fakeStatus({
            seen: ["Hill"],
            down: ["Hill Smith"],
            summaries: { Jaquez: 2, Campbell: 100 },
            servers: {
              Hill: {
                notReady: "no link",
                limitHits: { a: 5 },
                gateways: {
                  ports: { HTTP: "127.0.0.1:8400" },
                  reports: { http: 5 },
                  reasons: { "not-json": 1 },
                  example: {
                    reason: "not-json",
                    gateway: "http",
                    time: 1_764_000_000,
                    text: `POST /pub ${"x".repeat(200)}`,
                  },
                },
              },
            },
          }),
        );
        await page.locator("#events li").nth(2).waitFor();
        await page.locator('#map[data-clients="1"]').waitFor();
        await page.locator("#map").focus();
        await page.keyboard.press("Enter");
        await page.locator("#client-card").waitFor();
        await page.locator("#gateways").getByText("not-json 1").waitFor();
        assertEquals(await violationsIn(page), []);
        await page.route("**/events", (route) => route.abort());
        port.endStreams();
        await page.locator("body:not([data-stream=live])").waitFor();
        assertEquals(await violationsIn(page), []);
      }, /ERR_FAILED/);
    });
  }
}

withChromium.test("axe: no violation without clients and events", async () => {
  await withDashboard({}, async (page) => {
    await page.getByText("6 of 6 links up").waitFor();
    assertEquals(await violationsIn(page), []);
  });
});
