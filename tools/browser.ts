/**
 * Starts the system's Chromium, driven by playwright-core.
 *
 * @module
 */
import type { Browser } from "./playwright.ts";
import { SetupError, setupError } from "../cli/exit.ts";

/** Names of the browser's program. The first that is installed is used. */
const programs = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Starts a browser without windows.
 *
 * @param flags Further arguments of its command.
 * @throws {SetupError} If no browser is installed, or it does not start.
 */
export async function launchBrowser(
  flags: readonly string[] = [],
): Promise<Browser> {
  // At its start playwright-core reads a file in /proc, to detect Windows
  // Subsystem for Linux. Deno forbids that; this variable suppresses it.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("./playwright.ts");
  const executablePath = findBrowser();
  try {
    return await chromium.launch({
      executablePath,
      // Chromium's sandbox refuses to run as root.
      args: ["--no-sandbox", ...flags],
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
