/**
 * A real browser for tests: Chromium, as the system has it.
 *
 * @module
 */
import type { Page } from "playwright-core";
import { assertEquals } from "../assert.ts";

// playwright-core asks at its start whether this is Windows' Linux, by a file
// in /proc that Deno lets nobody look at. With this variable it does not ask.
Deno.env.set("__IS_WSL_TEST__", "1");
const { chromium } = await import("playwright-core");

/** How the page is looked at. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  readonly deviceScaleFactor?: number;
}

/**
 * Opens a page in a browser of its own, and closes it when the test is done.
 * Fails if anything went wrong in the page: an error, a breach of its content
 * security policy, a dialog, a request to anywhere else.
 */
export async function withPage(
  url: string,
  look: Look,
  test: (page: Page) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    // Tests may run as root, whom Chromium's sandbox does not take.
    args: ["--no-sandbox"],
  });
  try {
    const { width = 1280, height = 900, ...rest } = look;
    const page = await browser.newPage({
      viewport: { width, height },
      ...rest,
    });
    const faults = watchFaults(page, new URL(url).origin);
    await page.goto(url);
    await test(page);
    assertEquals(faults, []);
  } finally {
    await browser.close();
  }
}

/** What goes wrong in a page; filled as it happens. */
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
