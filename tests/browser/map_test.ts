import { geoNaturalEarth1 } from "../../packages/d3_geo.ts";
import type { Page } from "../../tools/playwright.ts";
import { pageFiles } from "../../admin/page.ts";
import { assert, assertEquals } from "../assert.ts";
import { fakeStatus } from "../fakes/herd_status.ts";
import { MemoryHistory } from "../fakes/memory_history.ts";
import { needs } from "../needs.ts";
import {
  find,
  inkOf,
  pixelAt,
  sizeOf,
  untilSeen,
  withDashboard,
} from "./browser.ts";

const withChromium = needs("chromium");

const position = ["kiwi", 34.07, -118.45, "Smith", 1520023934.9];

function positions(list: readonly unknown[], isSnapshot = true) {
  const { length } = list;
  return { isSnapshot, known: length, heard: length, positions: list };
}

/** The position at which d3 draws a place on a map of the whole world. */
async function placeOf(page: Page, latitude: number, longitude: number) {
  const { width, height } = await sizeOf(page, "#map");
  return geoNaturalEarth1().fitExtent(
    [[8, 8], [width - 8, height - 8]],
    { type: "Sphere" },
  )([longitude, latitude]);
}

/** A colour of the light colour scheme, as a pixel. */
function lightColour(name: string): number[] {
  const style = pageFiles.get("/page/style.css")!.text;
  const [, hex] = style.match(new RegExp(`--${name}: #([0-9a-f]{6});`))!;
  const channels = [0, 2, 4].map((index) =>
    parseInt(hex.slice(index, index + 2), 16)
  );
  return [...channels, 255];
}

for (const deviceScaleFactor of [1, 2]) {
  withChromium.test(`map: a client is a dot at its position, in its server's colour, at ${deviceScaleFactor} device pixels per pixel`, async () => {
    await withDashboard({ deviceScaleFactor }, async (page, port) => {
      port.send("positions", positions([position]));
      await page.locator('#map[data-clients="1"]').waitFor();
      const { width } = await sizeOf(page, "#map");
      assertEquals(
        await page.locator("#map-dots").getAttribute("width"),
        String(Math.round(width * deviceScaleFactor)),
      );
      const [x, y] = await placeOf(page, 34.07, -118.45);
      const dots = "#map-dots";
      assertEquals(await pixelAt(page, dots, x, y), lightColour("server-2"));
      for (const [dx, dy] of [[7, 0], [-7, 0], [0, 7], [0, -7]]) {
        assertEquals((await pixelAt(page, dots, x + dx, y + dy))[3], 0);
      }
      // Los Angeles is on land, the middle of the Pacific is not.
      const land = await pixelAt(page, "#map-land", x + 10, y);
      assertEquals(land, lightColour("land"));
      const [seaX, seaY] = await placeOf(page, 15, -165);
      const sea = await pixelAt(page, "#map-land", seaX, seaY);
      assertEquals(sea, lightColour("sea"));
      assertEquals(await page.locator("#legend li").allTextContents(), [
        "Hill0",
        "Jaquez0",
        "Smith1",
        "Campbell0",
        "Singleton0",
      ]);
    });
  });
}

withChromium.test("map: a dot moves with its client, and a pulse shows it", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("positions", positions([position]));
    await page.locator('#map[data-clients="1"]').waitFor();
    assertEquals(await inkOf(page, "#map-marks"), 0);
    const moved = ["kiwi", -33.9, 18.4, "Hill", 1520023935];
    port.send("positions", positions([moved], false));
    await untilSeen(async () => await inkOf(page, "#map-marks") > 0);
    const [oldX, oldY] = await placeOf(page, 34.07, -118.45);
    const [x, y] = await placeOf(page, -33.9, 18.4);
    assertEquals((await pixelAt(page, "#map-dots", oldX, oldY))[3], 0);
    assertEquals(
      await pixelAt(page, "#map-dots", x, y),
      lightColour("server-0"),
    );
    // The pulse fades until nothing of it is drawn.
    await untilSeen(async () => await inkOf(page, "#map-marks") === 0);
  });
});

withChromium.test("map: reduced motion disables the pulse", async () => {
  await withDashboard({ reducedMotion: "reduce" }, async (page, port) => {
    port.send("positions", positions([position], false));
    await page.locator('#map[data-clients="1"]').waitFor();
    assertEquals(await inkOf(page, "#map-marks"), 0);
    assert(await inkOf(page, "#map-dots") > 0);
  });
});

withChromium.test("map: the keyboard can focus, move and zoom it, and show clients", async () => {
  await withDashboard({}, async (page, port) => {
    port.send(
      "positions",
      positions([position, ["far.away", -60, 175, "Hill", 0]]),
    );
    await page.locator('#map[data-clients="2"]').waitFor();
    const focused = () =>
      page.locator(":focus").evaluate((element: unknown) => {
        const { id, className } = element as Record<string, string>;
        return id || className;
      });
    const met: string[] = [];
    while (met.at(-1) !== "map") {
      await page.keyboard.press("Tab");
      met.push(await focused());
    }
    assertEquals(
      met,
      ["skip-link", "find-id", "BUTTON", "map"].map((name) =>
        name === "BUTTON" ? met[2] : name
      ),
    );
    const map = page.locator("#map");
    await page.keyboard.press("Enter");
    const card = page.locator("#client-card");
    await card.getByText("kiwi", { exact: true }).waitFor();
    await card.getByText("received by Smith").waitFor();
    await page.keyboard.press("Enter");
    await card.getByText("far.away").waitFor();
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "hidden" });

    const before = await placeOf(page, 34.07, -118.45);
    for (const key of ["+", "+", "ArrowRight"]) await page.keyboard.press(key);
    await page.locator('#map[data-zoom="2.25"]').waitFor();
    await untilSeen(async () =>
      (await pixelAt(page, "#map-dots", ...before))[3] === 0
    );
    await page.keyboard.press("-");
    await page.locator('#map[data-zoom="1.50"]').waitFor();
    await page.keyboard.press("0");
    await page.locator('#map[data-zoom="1.00"]').waitFor();
    await untilSeen(async () =>
      (await pixelAt(page, "#map-dots", ...before))[3] === 255
    );
    for (const [label, zoom] of [["Zoom in", "1.50"], ["Zoom out", "1.00"]]) {
      await page.keyboard.press("Tab");
      assertEquals(
        await page.locator(":focus").getAttribute("aria-label"),
        label,
      );
      await page.keyboard.press("Enter");
      await page.locator(`#map[data-zoom="${zoom}"]`).waitFor();
    }
    assertEquals(await map.getAttribute("role"), "application");
  });
});

withChromium.test("map: pointer and wheel show clients, zoom and drag", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("positions", positions([position]));
    await page.locator('#map[data-clients="1"]').waitFor();
    const box = (await page.locator("#map").boundingBox())!;
    const [x, y] = await placeOf(page, 34.07, -118.45);
    await page.mouse.move(box.x + x + 3, box.y + y);
    await page.locator("#client-card").getByText("34.07° N, 118.45° W")
      .waitFor();
    await page.mouse.wheel(0, -100);
    await page.locator('#map[data-zoom="1.50"]').waitFor();
    // The zoom keeps the point under the pointer. A drag moves it.
    await untilSeen(async () =>
      (await pixelAt(page, "#map-dots", x, y))[3] > 0
    );
    await page.mouse.down();
    await page.mouse.move(box.x + x + 63, box.y + y + 30, { steps: 6 });
    await page.mouse.up();
    await untilSeen(async () =>
      (await pixelAt(page, "#map-dots", x + 60, y + 30))[3] > 0
    );
    await page.mouse.move(0, 0);
    await page.locator("#client-card").waitFor({ state: "hidden" });
  });
});

withChromium.test("map: a client is found by its ID, an unknown ID is not", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("positions", positions([position]));
    await page.locator('#map[data-clients="1"]').waitFor();
    await find(page, "nobody");
    await page.locator("#find-id:invalid").waitFor();
    await find(page, "ki");
    await page.locator("#client-card").getByText("received by Smith").waitFor();
    await page.locator('#map[data-zoom="4.00"]').waitFor();
  }, /404/);
});

withChromium.test("map: the search also finds clients that the page does not have, with their newest position", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("positions", { ...positions([position]), known: 200_010 });
    await page.locator('#map[data-clients="1"]').waitFor();
    port.lines.set("plum", "AT Campbell +0.1 plum -33.9+18.4 1520023935");
    await find(page, " plum ");
    const card = page.locator("#client-card");
    await card.getByText("33.9° S, 18.4° E").waitFor();
    await card.getByText("received by Campbell").waitFor();
    await page.getByText("2 of 200,010 clients, a sample").waitFor();
    port.lines.set("kiwi", "AT Hill +0.1 kiwi +1+2 1520023936");
    await find(page, "kiwi");
    await card.getByText("1° N, 2° E").waitFor();
    await page.locator('#map[data-clients="2"]').waitFor();
  });
});

withChromium.test("map: a hundred thousand clients are counted and drawn, and the page remains usable", async () => {
  await withDashboard({}, async (page, port) => {
    const names = ["Hill", "Jaquez", "Smith", "Campbell", "Singleton"];
    const all = Array.from({ length: 100_000 }, (_, index) => [
      `client-${index}`,
      (index * 7.31) % 150 - 65,
      (index * 13.7) % 360 - 180,
      names[index % 5],
      index,
    ]);
    for (let index = 0; index < all.length; index += 5_000) {
      port.send("positions", {
        isSnapshot: true,
        known: 250_000,
        heard: 0,
        positions: all.slice(index, index + 5_000),
      });
    }
    await page.locator('#map[data-clients="100000"]').waitFor();
    await page.getByText("100,000 of 250,000 clients, a sample").waitFor();
    await page.locator("#legend").getByText("20,000").nth(4).waitFor();
    const dots = Number(await page.locator("#map").getAttribute("data-dots"));
    assert(dots > 10_000 && dots <= 100_000, `${dots} dots`);
    assert(await inkOf(page, "#map-dots") > dots);
    // One more client evicts one; the search still works.
    port.send("positions", {
      isSnapshot: false,
      known: 250_001,
      heard: 1,
      positions: [["newcomer", 0, 0, "Hill", 0]],
    });
    await page.getByText("100,000 of 250,001 clients").waitFor();
    await find(page, "newcomer");
    await page.locator("#client-card").getByText("newcomer").waitFor();
  }, /404/);
});

withChromium.test("map: many clients at one position are one larger dot", async () => {
  await withDashboard({}, async (page, port) => {
    const crowd = Array.from({ length: 100 }, (_, index) => [
      `client-${index}`,
      10,
      20,
      "Hill",
      0,
    ]);
    const ink: number[] = [];
    for (const count of [1, 100]) {
      port.send("positions", positions(crowd.slice(0, count)));
      await page.locator(`#map[data-clients="${count}"]`).waitFor();
      await page.locator('#map[data-dots="1"]').waitFor();
      ink.push(await inkOf(page, "#map-dots"));
    }
    assert(ink[1] > 2 * ink[0], ink.join());
    await page.getByText("100 clients, all that are known · 1 dot in sight")
      .waitFor();
  });
});

withChromium.test("map: clients that the server no longer has disappear", async () => {
  await withDashboard({}, async (page, port) => {
    const clients = ["a", "b", "c"].map((id) => [id, 0, 0, "Hill", 0]);
    port.send("positions", positions(clients));
    await page.locator('#map[data-clients="3"]').waitFor();
    port.send("positions", {
      isSnapshot: false,
      known: 1,
      heard: 1,
      positions: [["b", 5, 5, "Hill", 1]],
    });
    await page.locator('#map[data-clients="1"]').waitFor();
    await page.getByText("1 client, all that are known").waitFor();
  });
});

withChromium.test("map: the search draws where the client was in the last day", async () => {
  await withDashboard({}, async (page, port) => {
    port.send("positions", positions([position, ["pear", 10, 20, "Hill", 5]]));
    await page.locator('#map[data-clients="2"]').waitFor();
    const line = (time: number, place: string) =>
      `AT Smith +0.000000000 kiwi ${place} ${time}`;
    const now = 1_520_023_934;
    port.history = new MemoryHistory([
      line(now - 2 * 86_400, "+80+0"),
      line(now - 200, "+34.07+170"),
      // Over the date line, so the line goes on at the other edge.
      line(now - 100, "+34.07-160"),
      line(now, "+34.07-118.45"),
    ]);
    const status = fakeStatus();
    port.send("status", {
      ...status,
      servers: status.servers.map((server) => ({
        ...server,
        history: { ...server.history, kind: "sqlite" },
      })),
    });
    await page.locator("#servers").getByText("written").first().waitFor();
    port.lines.set("kiwi", line(now, "+34.07-118.45"));
    port.lines.set("pear", `AT Hill +0.000000000 pear +10+20 5`);
    await find(page, "kiwi");
    const note = page.locator("#track");
    await note.filter({
      hasText: "Track of 24 hours: 3 positions, recorded by Hill",
    }).waitFor();
    await page.locator("#zoom-reset").click();
    const marks = "#map-marks";
    const [x, y] = await placeOf(page, 34.07, -140);
    await untilSeen(async () => (await pixelAt(page, marks, x, y))[3] > 0);
    const [otherX, otherY] = await placeOf(page, 34.07, 50);
    assertEquals((await pixelAt(page, marks, otherX, otherY))[3], 0);
    // A client without a history has no track, and not that of the client before.
    await find(page, "pear");
    await untilSeen(async () => (await note.textContent()) === "");
    await page.locator("#zoom-reset").click();
    await untilSeen(async () => (await pixelAt(page, marks, x, y))[3] === 0);
  });
});
