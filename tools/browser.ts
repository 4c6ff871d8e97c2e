/**
 * Starts Chromium, as the system has it, to be driven by playwright-core.
 *
 * @module
 */
import type { Browser } from "./playwright.ts";
import { SetupError, setupError } from "../cli/exit.ts";

/** By what names the browser is known, most wanted first. */
const programs = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Starts a browser without windows.
 *
 * @throws {SetupError} If there is none, or it does not start.
 */
export async function launchBrowser(): Promise<Browser> {
  // playwright-core asks at its start whether this is Windows' Linux, by a file
  // in /proc that Deno lets nobody look at. With this variable it does not ask.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("./playwright.ts");
  const executablePath = findBrowser();
  try {
    return await chromium.launch({
      executablePath,
      // Who runs it may be root, whom Chromium's sandbox does not take.
      args: ["--no-sandbox"],
    });
  } catch (error) {
    throw setupError(`cannot start ${executablePath}`, error);
  }
}

function findBrowser(): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  for (const program of programs) {
    for (const folder of folders) {
      const path = `${folder}/${program}`;
      if (exists(path)) return path;
    }
  }
  throw new SetupError(
    `no browser is on PATH (${programs.join(", ")}): install chromium`,
  );
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
