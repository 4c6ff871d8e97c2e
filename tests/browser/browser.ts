/**
 * Opens the dashboard in a real browser.
 *
 * @module
 */
import type { BrowserContextOptions, Page } from "../../tools/playwright.ts";
import { launchBrowser } from "../../tools/browser.ts";
import { assertEquals } from "../assert.ts";
import { FakeAdminPort } from "../fakes/admin_port.ts";
import { fakeStatus } from "../fakes/herd_status.ts";

/** Longest wait for a condition in the page, in milliseconds. */
const maxWaitMs = 60_000;

/** Settings of the browser window. */
export type Display = Pick<
  BrowserContextOptions,
  | "viewport"
  | "colorScheme"
  | "deviceScaleFactor"
  | "forcedColors"
  | "reducedMotion"
  | "timezoneId"
>;

/**
 * Runs a test with a page in a new browser, and closes the browser after it.
 * Fails if a fault occurred in the page: an error, a violation of its content
 * security policy, a dialog, or a request to another origin.
 *
 * @param allowed Faults that are permitted.
 */
export async function withPage(
  url: string,
  display: Display,
  test: (page: Page) => Promise<void>,
  allowed?: RegExp,
): Promise<void> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 900 },
      ...display,
    });
    page.setDefaultTimeout(maxWaitMs);
    const faults = watchFaults(page, new URL(url).origin);
    await page.goto(url);
    await test(page);
    assertEquals(faults.filter((fault) => !allowed?.test(fault)), []);
  } finally {
    await browser.close();
  }
}

/**
 * Runs a test with the dashboard of a fake administration port. At first, the
 * default herd is up and has no clients.
 */
export async function withDashboard(
  display: Display,
  test: (page: Page, port: FakeAdminPort) => Promise<void>,
  allowed?: RegExp,
): Promise<void> {
  await using port = new FakeAdminPort();
  await withPage(port.url, display, async (page) => {
    await port.followed();
    port.send("hello", { version: 1, self: "Hill" });
    port.send("status", fakeStatus());
    await test(page, port);
  }, allowed);
}

/** Collects the faults in a page, as they occur. */
function watchFaults(page: Page, origin: string): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("dialog", async (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) {
      faults.push(`request: ${request.url()}`);
    }
  });
  return faults;
}

/** Polls until the condition holds; throws at the deadline. */
export async function untilSeen(
  condition: () => Promise<boolean>,
): Promise<void> {
  const signal = AbortSignal.timeout(maxWaitMs);
  while (!await condition()) {
    if (signal.aborted) throw new Error(`not seen: ${condition}`);
  }
}

/** Waits until the graph shows a link in a state. */
export async function linkIs(
  page: Page,
  link: string,
  state: string,
): Promise<void> {
  await page.locator(`[data-link="${link}"][data-state="${state}"]`)
    .waitFor({ state: "attached" });
}

/** Waits until the graph shows a server in a state. */
export async function serverIs(
  page: Page,
  name: string,
  state: string,
): Promise<void> {
  await page.locator(`[data-server="${name}"][data-state="${state}"]`)
    .waitFor({ state: "attached" });
}

/** Searches for a client by its ID with the keyboard. */
export async function find(page: Page, id: string): Promise<void> {
  const field = page.getByLabel("Client ID");
  await field.fill(id);
  await field.press("Enter");
}

/** The part of a canvas that tests use. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly clientWidth: number;
  readonly clientHeight: number;
  getContext(kind: "2d"): {
    getImageData(
      x: number,
      y: number,
      width: number,
      height: number,
    ): { readonly data: Uint8ClampedArray };
  };
}

/**
 * The colour of a canvas at a position in CSS pixels: red, green, blue, alpha.
 */
export function pixelAt(
  page: Page,
  selector: string,
  x: number,
  y: number,
): Promise<number[]> {
  return page.locator(selector).evaluate((element: unknown, [x, y]) => {
    const canvas = element as Canvas;
    const ratio = canvas.width / canvas.clientWidth;
    const { data } = canvas.getContext("2d").getImageData(
      Math.round(x * ratio),
      Math.round(y * ratio),
      1,
      1,
    );
    return [...data];
  }, [x, y]);
}

/** How many pixels of a canvas are not transparent. */
export function inkOf(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((element: unknown) => {
    const { width, height, getContext } = element as Canvas;
    const { data } = getContext.call(element, "2d")
      .getImageData(0, 0, width, height);
    let count = 0;
    for (let index = 3; index < data.length; index += 4) {
      if (data[index] > 0) count += 1;
    }
    return count;
  });
}

/** An element's size in CSS pixels. */
export async function sizeOf(
  page: Page,
  selector: string,
): Promise<{ width: number; height: number }> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not shown`);
  return box;
}
